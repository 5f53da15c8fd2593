import { expect, test } from 'vitest';
import { chooseCarrier } from '../../../containers/worker/choose-carrier.ts';
import type { BatchMessage } from '../../../core/batching/batch.ts';
import type { Copier } from '../../../core/ports.ts';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';

const never = new AbortController().signal;
const requests = () => ({ source: { GetObject: 1 }, destination: { PutObject: 1 } });

function carriers(byRclone: Partial<CopyResult> = {}) {
  const said = { requests: requests(), sizeBytes: 1, result: 'copied' } as const;
  const rclone: Copier = {
    copy: async () => ({ ...said, carrier: 'rclone', ...byRclone }) as CopyResult,
  };
  const direct: Copier = { copy: async () => ({ ...said, requests: requests(), carrier: 'direct' }) };
  return chooseCarrier(rclone, direct, 1000);
}

async function carrierOf(key: string, sizeBytes: number, more: Partial<BatchMessage> = {}): Promise<string> {
  const file = { ...aFile(key), sizeBytes };
  return (await carriers().copy(file, { ...aBatch([file]), ...more }, never)).carrier;
}

test('small objects go without rclone, larger ones with it', async () => {
  expect(await Promise.all([0, 1000, 1001].map((size) => carrierOf('k', size)))).toEqual([
    'direct',
    'direct',
    'rclone',
  ]);
});

test('keys that rclone cannot address go without it whatever their size', async () => {
  expect(await carrierOf('a//b', 10_000_000)).toBe('direct');
});

test('what only rclone can read goes by rclone, small or not', async () => {
  const source = { type: 'rclone', backend: 'local', path: '/data', secret: null } as const;
  expect(await carrierOf('k', 1, { source })).toBe('rclone');
});

test('a digest that rclone finds wrong is looked at again without it, and all requests count', async () => {
  const file = { ...aFile('k'), sizeBytes: 5000 };
  const refused = { result: 'retry', side: 'destination', reason: 'destination: BadDigest: no' } as const;
  const result = await carriers(refused).copy(file, aBatch([file]), never);
  expect(result).toMatchObject({ carrier: 'direct', result: 'copied' });
  expect(result.requests).toEqual({ source: { GetObject: 2 }, destination: { PutObject: 2 } });
});
