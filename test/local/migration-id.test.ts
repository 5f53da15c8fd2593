import { describe, expect, it } from 'vitest';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { MemorySecrets } from '../../adapters/memory/secrets.ts';
import { parseRequest } from '../../core/request.ts';
import { perform } from '../../functions/step.ts';
import { validate } from '../../functions/validate.ts';
import { migrationId } from '../../local/migration-id.ts';
import { smallInput, smallSecrets } from '../support/sample-migration.ts';

const { source, destination } = smallInput;
const idOf = (more: object = {}) => migrationId(parseRequest({ ...smallInput, ...more }));

describe('the id of a migration', () => {
  it('is readable and the same every time', () => {
    expect(idOf()).toMatch(/^media-archive-to-archive-[0-9a-f]{8}$/);
    expect(idOf()).toBe(idOf());
    expect(idOf({ select: { minBytes: '1 KiB' } })).toBe(idOf({ select: { minBytes: 1024 } }));
  });

  it.each([
    ['the source’s prefix', { source: { ...source, prefix: 'a/' } }],
    ['the source’s endpoint', { source: { ...source, endpoint: 'http://127.0.0.1:1' } }],
    [
      'the source’s credentials',
      { source: { ...source, secrets: { ...source.secrets, accessKey: '/other' } } },
    ],
    ['the destination’s prefix', { destination: { ...destination, prefix: 'a/' } }],
    ['the destination’s endpoint', { destination: { ...destination, endpoint: 'http://127.0.0.1:1' } }],
    ['what is selected', { select: { exclude: ['tmp/**'] } }],
    ['a rule', { rules: [{ match: '**', storageClass: 'GLACIER' }] }],
  ])('is another one for another %s', (_, more) => {
    expect(idOf(more)).not.toBe(idOf());
  });

  it.each([
    ['how many workers', { fleet: { maxWorkers: 3 } }],
    ['how it is verified', { verify: { contentSample: 0.5 } }],
    ['what it costs whom', { costTags: { project: 'x' } }],
  ])('is the same whatever the request says on %s, so that a resume may change it', (_, more) => {
    expect(idOf(more)).toBe(idOf());
  });

  it('is a name that Validate takes, however long the buckets’ are', async () => {
    for (const bucket of ['B'.repeat(255), '9_x.y-z', 'a.b']) {
      const request = {
        source: { ...source, bucket },
        destination: { ...destination, bucket: `${bucket}2`.slice(-255) },
      };
      const migration = migrationId(parseRequest(request));
      const ports = { jobStore: new MemoryJobStore(), secrets: new MemorySecrets(smallSecrets) };
      const event = { migration, startedAt: new Date(0).toISOString(), request };
      await expect(perform(validate, event, ports)).resolves.toMatchObject({ migration });
    }
  });
});
