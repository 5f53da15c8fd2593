import { describe, expect, it } from 'vitest';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { MemorySecrets } from '../../adapters/memory/secrets.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeJson } from '../../core/json-lines.ts';
import { buildReport } from '../../core/report/build-report.ts';
import { defaultSourceSecrets, parseRequest } from '../../core/request.ts';
import { perform } from '../../functions/step.ts';
import { validate } from '../../functions/validate.ts';
import { allOf } from '../support/all-of.ts';
import { smallInput, smallSecrets } from '../support/sample-migration.ts';

const startedAt = '2026-03-01T10:00:00.000Z';
const event = (request: unknown, migration = 'exit-ibm') => ({ migration, startedAt, request });

async function written(jobStore: MemoryJobStore): Promise<string[]> {
  return allOf(jobStore.list(''));
}

/** A report of a pass that ended in the given way. */
function reportOf(status: 'SUCCEEDED' | 'FINISHED_WITH_EXCEPTIONS' | 'FAILED') {
  const nothing = buildReport({
    migration: 'exit-ibm',
    startedAtMs: 0,
    nowMs: 1,
    plan: null,
    listing: null,
    verdict: null,
    error: null,
    exceptions: [],
    exceptionsFile: null,
    totals: { requests: { source: {}, destination: {} }, throughput: [] },
    states: [],
  });
  return encodeJson({ ...nothing, status });
}

describe('a request that can work', () => {
  it('is handed on with every default, under the migration’s folder', async () => {
    const jobStore = new MemoryJobStore();
    const ports = { jobStore, secrets: new MemorySecrets(smallSecrets) };
    expect(await perform(validate, event(smallInput), ports)).toEqual({
      migration: 'exit-ibm',
      folder: 'migrations/exit-ibm',
      startedAt,
      request: parseRequest(smallInput),
    });
    expect(await written(jobStore)).toEqual([]);
  });

  it('needs no more than two buckets when the stack’s own secrets are filled', async () => {
    const secrets = new MemorySecrets({
      [defaultSourceSecrets.accessKey]: 'K',
      [defaultSourceSecrets.secretKey]: 'S',
      [defaultSourceSecrets.endpoint]: 'https://s3.example.com',
    });
    const request = { source: { bucket: 'from' }, destination: { bucket: 'into' } };
    const given = await perform(validate, event(request), { jobStore: new MemoryJobStore(), secrets });
    expect(given.request.destination).toEqual({
      bucket: 'into',
      prefix: '',
      region: 'us-east-1',
      storageClass: null,
      kmsKeyId: null,
    });
  });

  it('reads secrets as they are now, not as they were', async () => {
    const secrets = new MemorySecrets({ ...smallSecrets, '/from/key': '<access key>' });
    await secrets.read('/from/key');
    secrets.set('/from/key', 'REAL');
    const given = perform(validate, event(smallInput), { jobStore: new MemoryJobStore(), secrets });
    await expect(given).resolves.toMatchObject({ migration: 'exit-ibm' });
  });
});

describe('a pass', () => {
  it.each([
    ['the first one is new', [], 'migrations/exit-ibm'],
    ['a failed one is resumed', ['FAILED'], 'migrations/exit-ibm'],
    ['after one that succeeded there is a second', ['SUCCEEDED'], 'migrations/exit-ibm/pass-2'],
    [
      'after one with exceptions there is a second',
      ['FINISHED_WITH_EXCEPTIONS'],
      'migrations/exit-ibm/pass-2',
    ],
    ['a failed second one is resumed', ['SUCCEEDED', 'FAILED'], 'migrations/exit-ibm/pass-2'],
    ['after two there is a third', ['SUCCEEDED', 'FINISHED_WITH_EXCEPTIONS'], 'migrations/exit-ibm/pass-3'],
  ] as const)('%s', async (_, passes, folder) => {
    const jobStore = new MemoryJobStore();
    for (const [index, status] of passes.entries())
      await jobStore.write(jobLayout.report(jobLayout.passFolder('exit-ibm', index + 1)), reportOf(status));
    const ports = { jobStore, secrets: new MemorySecrets(smallSecrets) };
    expect((await perform(validate, event(smallInput), ports)).folder).toBe(folder);
  });
});

describe('a request that cannot work is refused', () => {
  const { source, destination } = smallInput;
  const sameEndpoint = { ...destination, bucket: 'media-archive', endpoint: source.endpoint };
  const cases: [string, unknown, string, string][] = [
    [
      'that is no object',
      'move it',
      'InvalidRequest',
      'the request is "move it", but must be an object { … }.',
    ],
    ['that is a list', [], 'InvalidRequest', 'the request is [], but must be an object { … }.'],
    [
      'with a field nobody knows',
      { ...smallInput, destnation: {} },
      'InvalidRequest',
      'destnation is not a field of the request (found {}). Remove it or mend its spelling.',
    ],
    [
      'with two mistakes, a line each',
      { ...smallInput, existing: 'merge', verify: { repairRounds: 99 } },
      'InvalidRequest',
      'existing is "merge", but must be "replace-if-different", "keep" or "replace".\nverify.repairRounds is 99, but must be from 0 to 10.',
    ],
    [
      'without an endpoint to go to',
      { source: { bucket: 'from', secrets: source.secrets }, destination },
      'InvalidRequest',
      'source.endpoint is missing, and source.secrets names no endpoint either. Add the URL of the store, or set source.provider to "AWS".',
    ],
    [
      'that would list its own output',
      { source, destination: sameEndpoint },
      'InvalidRequest',
      'destination.bucket is "media-archive" with prefix "", which overlaps the source (the same bucket, prefix ""): the migration would list its own output. Choose another bucket, or prefixes of which neither begins with the other.',
    ],
    [
      'with a secret that is not there',
      { source: { ...source, secrets: { ...source.secrets, secretKey: '/gone' } }, destination },
      'SecretMissing',
      'There is no secret "/gone". Create it, or correct its name.',
    ],
    [
      'with a secret that was never filled',
      { source, destination: { ...destination, secrets: { accessKey: '/to/key', secretKey: '/empty' } } },
      'SecretMissing',
      'secret /empty (destination.secrets.secretKey) still holds a placeholder. Store the real value in it, then start again.',
    ],
    [
      'with an endpoint in a secret that is none, without showing it',
      {
        source: { bucket: 'from', secrets: { ...source.secrets, endpoint: '/from/endpoint' } },
        destination,
      },
      'InvalidRequest',
      'The value of the secret "/from/endpoint" is not shown here, which is no endpoint. Give the http or https address of the S3 API without a path, a query or a user, for example https://s3.us-south.cloud-object-storage.appdomain.cloud',
    ],
  ];
  it.each(cases)('%s', async (_, request, name, message) => {
    const jobStore = new MemoryJobStore();
    const secrets = new MemorySecrets({
      ...smallSecrets,
      '/empty': 'changeme',
      '/from/endpoint': 'ftp://hidden.example.com/path',
    });
    const refused = perform(validate, event(request), { jobStore, secrets });
    await expect(refused).rejects.toMatchObject({ name, message });
    expect(await written(jobStore)).toEqual([]);
  });

  it.each(['', '../up', 'a b', `x${'y'.repeat(80)}`, '.hidden', 'a/b'])('under the name %j', async (id) => {
    const ports = { jobStore: new MemoryJobStore(), secrets: new MemorySecrets(smallSecrets) };
    await expect(perform(validate, event(smallInput, id), ports)).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: `the migration id is ${JSON.stringify(id)}, but must be 1 to 80 letters, digits, dots, hyphens or underscores. Start it under such a name.`,
    });
  });
});

describe('a source of type "rclone"', () => {
  const request = { source: { type: 'rclone', backend: 'webdav' }, destination: { bucket: 'into' } };
  const name = '/migration/source_rclone_config';
  const run = (values: Record<string, string>, changes: object = {}) =>
    perform(validate, event({ ...request, source: { ...request.source, ...changes } }), {
      jobStore: new MemoryJobStore(),
      secrets: new MemorySecrets(values),
    });

  it('is handed on when its secret holds the options of such a remote', async () => {
    const { request: given } = await run({ [name]: '{"url":"https://dav.example.com"}' });
    expect(given.source).toMatchObject({ backend: 'webdav', secret: name });
    await expect(run({}, { secret: null })).resolves.toMatchObject({ migration: 'exit-ibm' });
  });

  it.each([
    [{}, 'SecretMissing'],
    [{ [name]: '<the section of rclone.conf>' }, 'SecretMissing'],
    [{ [name]: '{"url":"https://x","pass":"<password>"}' }, 'SecretMissing'],
    [{ [name]: 'type = drive' }, 'InvalidRequest'],
  ])('is refused with %j: %s', async (values, error) => {
    await expect(run(values)).rejects.toMatchObject({ name: error, message: expect.stringContaining(name) });
  });
});
