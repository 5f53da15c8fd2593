import { expect, test } from 'vitest';
import { startSeaweed } from '../../bench/transfer/seaweed-server.ts';
import { findSeaweed } from './find-seaweed.ts';

const weed = findSeaweed();

test.skipIf(weed === null)(
  'two SeaweedFS live beside each other',
  async () => {
    const first = await startSeaweed(weed ?? '');
    const second = await startSeaweed(weed ?? '');
    for (const { endpoint } of [first, second])
      expect((await fetch(`${endpoint}/ready/probe`)).status).toBe(200);
    await Promise.all([first.stop(), second.stop()]);
  },
  150_000,
);
