import { describe, expect, it } from 'vitest';
import { InvalidRequest, SecretMissing, SourceDenied, SourceUnreachable } from '../../core/errors.ts';
import { listingErrorOf } from '../../core/inventory/listing-error.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeJson } from '../../core/json-lines.ts';
import type { QueueCounts } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { readBacklog } from '../../functions/read-backlog.ts';
import { perform } from '../../functions/step.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, rowOf, storeInventory } from '../support/sample-migration.ts';

const none: QueueCounts = { visible: 0, inFlight: 0, delayed: 0 };
const some: QueueCounts = { visible: 3, inFlight: 2, delayed: 0 };

/** Reads the queue once a minute, as the drain machine does, and gives what each read said. */
async function reads(counts: readonly QueueCounts[], options: { listed?: boolean } = {}) {
  const stack = memoryStack();
  if (options.listed !== false) await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
  const left = [...counts];
  const queue = { ...stack.queue, counts: async () => left.shift() ?? none };
  const ports = { ...stack, queue: Object.assign(Object.create(stack.queue), queue) };
  let state: unknown = { ...address, watch: null, polls: 0 };
  const said: Awaited<ReturnType<typeof readBacklog.run>>[] = [];
  for (const _ of counts) {
    const given = await perform(readBacklog, state, ports);
    said.push(given);
    state = JSON.parse(JSON.stringify(given));
    await stack.clock.sleep(60_000);
  }
  return said;
}
const verdicts = async (...given: Parameters<typeof reads>) =>
  (await reads(...given)).map(({ verdict }) => verdict);

describe('the last words of a lister', () => {
  async function readAfter(error: unknown, listed = false) {
    const stack = memoryStack();
    if (listed) await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    const words = encodeJson(listingErrorOf(error));
    await stack.jobStore.write(jobLayout.listingError(address.folder), words);
    return perform(readBacklog, { ...address, watch: null, polls: 0 }, stack);
  }
  const unsupported = new StoreError('unsupported', 'ListingUnordered: no order', {
    code: 'ListingUnordered',
  });

  it.each([
    ['denied rights', new SourceDenied('mend them'), 'SourceDenied', /^mend them$/],
    ['a wrong request', new InvalidRequest('mend it'), 'InvalidRequest', /^mend it$/],
    ['a secret that is not there', new SecretMissing('add it'), 'SecretMissing', /^add it$/],
    ['keys out of order', unsupported, 'ListingFailed', /ListingUnordered: no order/],
  ])('end the drain, where another lister would fail of the same: %s', async (_, error, name, message) => {
    await expect(readAfter(error)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  });

  it.each([
    ['a source that does not answer', new SourceUnreachable('look at the network')],
    ['credentials that may be rotated', new StoreError('credential', 'Expired', { code: 'ExpiredToken' })],
    ['whatever nobody foresaw', new TypeError('x is not a function')],
  ])('are none where another one may succeed: %s', async (_, error) => {
    expect((await readAfter(error)).verdict).toBe('draining');
  });

  it('are none once a later lister came to the end', async () => {
    expect((await readAfter(new SourceDenied('mended'), true)).verdict).toBe('draining');
  });
});

describe('the backlog', () => {
  it('is handed on with what was read and how often', async () => {
    const [first, second] = await reads([some, some]);
    const watch = { counts: some, emptyReads: 0, changedAtMs: 2_000_000, announcedAtMs: null };
    expect(first).toMatchObject({ ...address, polls: 1, verdict: 'draining' });
    expect(first?.watch).toMatchObject({ ...watch, readAtMs: 2_000_000 });
    expect(second).toMatchObject({ ...address, polls: 2, verdict: 'draining' });
    expect(second?.watch).toMatchObject({ ...watch, readAtMs: 2_060_000 });
  });

  it.each([
    ['is drained after three empty reads in a row', [none, none, none], ['draining', 'draining', 'drained']],
    [
      'is not drained when something came back in between',
      [none, none, some, none, none, none],
      ['draining', 'draining', 'draining', 'draining', 'draining', 'drained'],
    ],
    [
      'is not drained by messages that are in flight only',
      [1, 2, 3, 4].map(() => ({ ...none, inFlight: 1 })),
      ['draining', 'draining', 'draining', 'draining'],
    ],
    [
      'is not drained by messages that wait for their time',
      [1, 2, 3, 4].map(() => ({ ...none, delayed: 1 })),
      ['draining', 'draining', 'draining', 'draining'],
    ],
  ])('%s', async (_, counts, expected) => {
    expect(await verdicts(counts)).toEqual(expected);
  });

  it('is not drained while the listing goes on', async () => {
    expect(await verdicts([none, none, none, none], { listed: false })).not.toContain('drained');
  });
});

describe('the workers that share a ceiling', () => {
  async function countedAfter(stack: ReturnType<typeof memoryStack>) {
    await perform(readBacklog, { ...address, watch: null, polls: 0 }, stack);
    const file = await stack.jobStore.read(jobLayout.fleetCount(address.folder));
    return file === null ? null : JSON.parse(Buffer.from(file.bytes).toString());
  }

  it('are told how many run or are wanted, whichever is more, and since when somebody counts', async () => {
    const stack = memoryStack();
    await stack.fleet.setBounds({ minimum: 1, maximum: 20, desired: 7 });
    stack.fleet.running = 3;
    expect(await countedAfter(stack)).toEqual({ workers: 7, readAtMs: 2_000_000, sinceMs: 2_000_000 });
    await stack.clock.sleep(60_000);
    stack.fleet.running = 9;
    stack.fleet.stubborn = 9;
    expect(await countedAfter(stack)).toEqual({ workers: 9, readAtMs: 2_060_000, sinceMs: 2_000_000 });
  });

  it('are not told the same over and over where the queue is read more often', async () => {
    const stack = memoryStack();
    await countedAfter(stack);
    await stack.clock.sleep(29_999);
    expect(await countedAfter(stack)).toMatchObject({ readAtMs: 2_000_000 });
    await stack.clock.sleep(1);
    expect(await countedAfter(stack)).toMatchObject({ readAtMs: 2_030_000 });
  });

  it('hear nothing of a fleet that cannot be looked at, and the drain goes on', async () => {
    const stack = memoryStack();
    stack.fleet.size = () => Promise.reject(new Error('throttled'));
    expect(await countedAfter(stack)).toBeNull();
    expect(stack.logged.map(([event]) => event)).toContain('fleet-uncounted');
  });
});

describe('a queue that does not move', () => {
  const still = (minutes: number) => Array.from({ length: minutes + 1 }, () => some);

  it('is announced once, after ten minutes', async () => {
    const said = await verdicts(still(20));
    expect(said.indexOf('stalled')).toBe(10);
    expect(said.filter((verdict) => verdict === 'stalled')).toHaveLength(1);
  });

  it('is announced again when it moved in between', async () => {
    const moved = { ...some, visible: 2 };
    const said = await verdicts([...still(11), ...Array.from({ length: 12 }, () => moved)]);
    expect(said.filter((verdict) => verdict === 'stalled')).toHaveLength(2);
  });

  it('is given up after an hour, and not before', async () => {
    const said = await verdicts(still(60));
    expect(said.indexOf('given-up')).toBe(60);
  });

  it('is not given up while a worker says that it goes on with a copy that takes longer', async () => {
    const stack = memoryStack();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    await stack.queue.send([{ body: 'one' }]);
    const first = await perform(readBacklog, { ...address, watch: null, polls: 0 }, stack);
    await stack.clock.sleep(3600_000);
    const say = async (state: string, atMs: number) =>
      stack.jobStore.write(
        jobLayout.heldCopy(address.folder, 'w-1'),
        encodeJson({ worker: 'w', state, atMs }),
      );
    const next = () => perform(readBacklog, { ...address, watch: first.watch, polls: 1 }, stack);
    await say('copying', stack.clock.nowMs() - 1_100_000);
    expect((await next()).verdict).toBe('draining');
    await say('copying', stack.clock.nowMs() - 1_300_000);
    expect((await next()).verdict).toBe('given-up');
    await say('settled', stack.clock.nowMs());
    expect((await next()).verdict).toBe('given-up');
  });

  it('keeps its watch when another drain child goes on', async () => {
    const stack = memoryStack();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    await stack.queue.send([{ body: 'one' }]);
    const first = await perform(readBacklog, { ...address, watch: null, polls: 899 }, stack);
    expect(first.polls).toBe(900);
    await stack.clock.sleep(3600_000);
    const next = await perform(readBacklog, { ...address, watch: first.watch, polls: 0 }, stack);
    expect(next).toMatchObject({ polls: 1, verdict: 'given-up' });
  });
});
