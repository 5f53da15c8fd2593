import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/processes.ts';
import { type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(async () => {
  await buckets.close();
});

it('a second Ctrl-C ends a run at once, although the source answers the lister no more', async () => {
  await buckets.put('a', 'alpha');
  const stop = new AbortController();
  const halt = new AbortController();
  const { requests, faults } = buckets.source;
  let over = false;
  const ended = buckets.migrate({ stop: stop.signal, halt: halt.signal }).finally(() => {
    over = true;
  });
  ended.catch(() => undefined);
  await until('Preflight has asked its last question', () => requests.count('GetObjectTagging') > 0);
  faults.hang = 1;
  const listed = requests.count('ListObjectsV2');
  await until('the lister waits for an answer', () => requests.count('ListObjectsV2') > listed);
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(over).toBe(false);
  halt.abort();
  await until('the run has ended', () => over);
  await expect(ended).rejects.toMatchObject({ name: 'ExecutionStopped' });
});
