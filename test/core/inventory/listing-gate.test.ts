import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { openListingGate } from '../../../core/inventory/listing-gate.ts';
import { StoreError, type StoreErrorKind } from '../../../core/store-error.ts';

function opened(most: number, requestsPerSecond: number | null = null, selfMoving = true) {
  const clock = new ManualClock(0, { selfMoving });
  const events: string[] = [];
  const stop = new AbortController();
  const log = (event: string) => void events.push(event);
  const gate = openListingGate({ most, requestsPerSecond }, { clock, log, signal: stop.signal });
  return { gate, clock, events, stop };
}
const refusal = (kind: StoreErrorKind) => new StoreError(kind, `${kind}: said the store`, { code: kind });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate of a listing', () => {
  it('lets so many requests through at the same time, and the next in turn', async () => {
    const { gate } = opened(3);
    const ends: (() => void)[] = [];
    const begun: number[] = [];
    const all = [0, 1, 2, 3, 4].map((n) =>
      gate.ask(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        return n;
      }),
    );
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]?.();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const end of ends) end();
    await turn();
    for (const end of ends) end();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4]);
  });

  it('halves on SlowDown, once for a burst, and rises again by one for each round that succeeds', async () => {
    const { gate, events } = opened(8);
    let refusals = 8;
    const answers = Array.from({ length: 8 }, () =>
      gate.ask(async () => {
        await turn();
        if (refusals-- > 0) throw refusal('throttled');
        return 'page';
      }),
    );
    expect(await Promise.all(answers)).toEqual(Array(8).fill('page'));
    expect(events.filter((event) => event === 'listing-slowed')).toHaveLength(1);
    expect(gate.allowed()).toBeLessThan(8);
    for (let n = 0; n < 60; n++) await gate.ask(async () => 'page');
    expect(gate.allowed()).toBe(8);
    await gate.ask(async () => 'page');
    expect(gate.allowed()).toBe(8);
  });

  it('goes on with one at a time at least', async () => {
    const { gate } = opened(2);
    let refusals = 9;
    const allowed: number[] = [];
    const answer = await gate.ask(async () => {
      allowed.push(gate.allowed());
      if (refusals-- > 0) throw refusal('throttled');
      return 'page';
    });
    expect(answer).toBe('page');
    expect(allowed).toEqual([2, ...Array(9).fill(1)]);
  });

  it('spaces requests evenly under a ceiling', async () => {
    const { gate, clock } = opened(5, 4, false);
    const at: number[] = [];
    const all = Promise.all(
      Array.from({ length: 5 }, () => gate.ask(async () => void at.push(clock.nowMs()))),
    );
    await clock.advance(2000);
    await all;
    expect(at).toEqual([0, 250, 500, 750, 1000]);
  });

  it.each(['throttled', 'unreachable', 'failed'] as const)(
    'asks again after ever longer pauses where the store is %s, and gives up after twelve tries',
    async (kind) => {
      const { gate, clock, events } = opened(4);
      let tries = 0;
      const asked = gate.ask(async () => {
        tries += 1;
        throw refusal(kind);
      });
      await expect(asked).rejects.toMatchObject({ kind });
      expect(tries).toBe(12);
      expect(events.filter((event) => event === 'listing-retried')).toHaveLength(11);
      // 250 ms doubled seven times is 32 s: from there on 30 s each.
      expect(clock.nowMs()).toBe(250 * (2 ** 7 - 1) + 4 * 30_000);
    },
  );

  it.each(['denied', 'credential', 'missing-bucket', 'unsupported'] as const)(
    'does not ask again what is %s',
    async (kind) => {
      const { gate, events } = opened(4);
      let tries = 0;
      const asked = gate.ask(async () => {
        tries += 1;
        throw refusal(kind);
      });
      await expect(asked).rejects.toMatchObject({ kind });
      expect([tries, events]).toEqual([1, []]);
    },
  );

  it('does not ask again once the listing has ended, and lets the next one in', async () => {
    const { gate, clock, stop } = opened(1, null, false);
    let tries = 0;
    const asked = gate.ask(async () => {
      tries += 1;
      throw refusal('unreachable');
    });
    const refused = expect(asked).rejects.toMatchObject({ kind: 'unreachable' });
    await turn();
    expect(clock.sleeping()).toBe(1);
    stop.abort();
    await refused;
    expect(tries).toBe(2);
    expect(await gate.ask(async () => 'page')).toBe('page');
  });
});
