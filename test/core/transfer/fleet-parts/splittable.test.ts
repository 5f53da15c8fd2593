import { expect, test } from 'vitest';
import { bytesInFlight } from '../../../../core/transfer/fleet-parts/bytes-in-flight.ts';
import { isSplittable } from '../../../../core/transfer/fleet-parts/splittable.ts';

const bucket = {
  provider: 'Other',
  bucket: 'from',
  region: 'us-east-1',
  endpoint: 'http://127.0.0.1:1',
  secrets: null,
};
const backend = { type: 'rclone', backend: 'local', path: '/data', secret: 'name' } as const;

test.each([
  ['of a bucket is copied by the whole fleet', { source: bucket }, true, 0],
  [
    'of a partition stays with the worker that holds the partition',
    { source: bucket, partition: 3 },
    false,
    100,
  ],
  ['that only rclone can read is copied whole', { source: backend }, false, 100],
] as const)('a giant %s', (_, batch, split, bytes) => {
  expect(isSplittable(batch)).toBe(split);
  expect(bytesInFlight({ sizeBytes: 100 }, batch, 10)).toBe(bytes);
  expect(bytesInFlight({ sizeBytes: 10 }, batch, 10)).toBe(10);
});
