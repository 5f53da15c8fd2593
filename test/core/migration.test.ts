import { describe, expect, test } from 'vitest';
import { encodeBatch, maxMessageBytes } from '../../core/batching/batch.ts';
import {
  batchEnvelope,
  destinationLocation,
  filesTextBudget,
  sourceLocation,
  unsafeDifferences,
} from '../../core/migration.ts';
import { aFile, aPlan, aRequest, type RequestChanges } from '../support/builders.ts';

const secrets = { accessKey: '/a', secretKey: '/b' };
const standing = { accessKey: '/migration/source_access_key', secretKey: '/migration/source_secret_key' };

describe('the source of a request', () => {
  test.each<[string, object, object]>([
    [
      'reads the secrets of the stack, its endpoint among them',
      { endpoint: undefined },
      { endpoint: null, secrets: { ...standing, endpoint: '/migration/source_endpoint' } },
    ],
    [
      'needs no endpoint secret where the request gives the endpoint',
      {},
      { endpoint: 'https://s3.example.com', secrets: standing },
    ],
    ['needs none at Amazon', { endpoint: undefined, provider: 'AWS' }, { endpoint: null, secrets: standing }],
    ['reads the secrets that the request names', { secrets }, { secrets }],
    ['reads none where the default credential chain is asked for', { secrets: null }, { secrets: null }],
  ])('%s', (_, source, location) => {
    expect(sourceLocation(aRequest({ source }))).toMatchObject(location);
  });
});

describe('the destination of a request', () => {
  test.each<[string, object, object]>([
    [
      'is Amazon S3 with the default credential chain',
      { region: 'eu-central-1' },
      { provider: 'AWS', bucket: 'archive', region: 'eu-central-1', endpoint: null, secrets: null },
    ],
    [
      'is another store where it has an endpoint',
      { endpoint: 'http://127.0.0.1:1' },
      { provider: 'Other', endpoint: 'http://127.0.0.1:1' },
    ],
    [
      'is another store where its endpoint is a secret',
      { secrets: { ...secrets, endpoint: '/c' } },
      { provider: 'Other', endpoint: null },
    ],
    ['is Amazon S3 with keys of its own', { secrets }, { provider: 'AWS', secrets }],
  ])('%s', (_, destination, location) => {
    expect(destinationLocation(aRequest({ destination }))).toMatchObject(location);
  });
});

describe('the envelope of a batch', () => {
  test('gives every worker its share of the ceilings, of which the lister has a tenth', () => {
    const limits = (fleet: object, source: object) => batchEnvelope(aPlan({ fleet, source })).limits;
    expect(limits({ maxWorkers: 8, bandwidth: 1001 }, { requestsPerSecond: 4 })).toEqual({
      requestsPerSecond: 0.45,
      bandwidthBytesPerSecond: 125,
      workers: 8,
    });
    expect(limits({ maxWorkers: 8, bandwidth: 1 }, {})).toEqual({
      requestsPerSecond: null,
      bandwidthBytesPerSecond: 1,
      workers: 8,
    });
  });

  test('leaves the files what a message of 64 KiB has beside it', () => {
    const plan = aPlan({
      source: { secrets: { ...secrets, sessionToken: 't\u0001', endpoint: '/ü' } },
      destination: { kmsKeyId: 'alias/ü' },
    });
    const budget = filesTextBudget(plan);
    const message = {
      ...batchEnvelope(plan),
      batch: 'zzzz-999999999-r10',
      shard: 'zzzz',
      attempt: 999_999,
      files: [aFile('')],
    };
    const withoutFiles = encodeBatch({ ...message, files: [] }).length;
    expect(withoutFiles + budget).toBe(maxMessageBytes);
    expect(budget).toBeGreaterThan(60_000);
  });
});

describe('going on with the work of another request', () => {
  const changes: [string, RequestChanges][] = [
    ['source.bucket', { source: { bucket: 'other' } }],
    ['source.prefix', { source: { prefix: 'a/' } }],
    ['source.endpoint', { source: { endpoint: 'https://other.example.com' } }],
    ['destination.bucket', { destination: { bucket: 'other' } }],
    ['destination.prefix', { destination: { prefix: 'a/' } }],
    ['destination.endpoint', { destination: { endpoint: 'http://127.0.0.1:1' } }],
    ['destination.storageClass', { destination: { storageClass: 'STANDARD' } }],
    ['destination.kmsKeyId', { destination: { kmsKeyId: 'k' } }],
    ['select', { select: { minBytes: 1 } }],
    ['rules', { rules: [{ match: 'a' }] }],
    ['existing', { existing: 'keep' }],
    ['objectTags', { objectTags: 'copy' }],
  ];

  test.each(changes)('is unsafe when %s differs', (field, change) => {
    expect(unsafeDifferences(aRequest(), aRequest(change))).toEqual([field]);
    expect(unsafeDifferences(aRequest(change), aRequest())).toEqual([field]);
  });

  test('is safe when only the pace, the secrets or the size of batches differ', () => {
    const other = aRequest({
      source: { secrets, requestsPerSecond: 1 },
      batch: { maxObjects: 1 },
      fleet: { maxWorkers: 1 },
      verify: { repairRounds: 0 },
      costTags: { a: 'b' },
    });
    expect(unsafeDifferences(aRequest(), other)).toEqual([]);
  });

  test('is safe when the same rules are written in another order of names', () => {
    const tags = (names: Record<string, string>) => aRequest({ rules: [{ match: '**', tags: names }] });
    expect(unsafeDifferences(tags({ a: '1', b: '2' }), tags({ b: '2', a: '1' }))).toEqual([]);
  });

  test('names every difference', () => {
    const other = aRequest({ source: { prefix: 'a/' }, existing: 'keep' });
    expect(unsafeDifferences(aRequest(), other)).toEqual(['source.prefix', 'existing']);
  });
});
