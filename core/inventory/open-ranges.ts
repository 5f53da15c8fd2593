import { openAlphabets } from '../keyspace/alphabets.ts';
import type { OpenRange } from './checkpoint.ts';
import { type ChooseCut, chooseCut } from './choose-cut.ts';
import { type LiveRange, learnFrom, learnOfProbe, type ShownKeys, untouched } from './live-range.ts';

/** The ranges that are being listed; together with what is listed they cover the key space. */
export type OpenRanges = {
  readonly all: ReadonlySet<LiveRange>;
  /** Ranges that were cut off, and those of them on whose first page there was no key. */
  cuts(): number;
  emptyProbes(): number;
  add(range: OpenRange): LiveRange;
  remove(range: LiveRange): void;
  /** Cuts the ends off the ranges that have the most left, as long as there are idle slots and it is worth it; returns them. */
  cutForIdleSlots(): LiveRange[];
  /**
   * Notes what a page of a range showed: its first and last key in the range, whether more may follow, and how far it
   * reaches beyond its last key.
   */
  learn(range: LiveRange, shown: ShownKeys | null, more: boolean, reaches?: string): void;
  /** Gives a range without a row to the open range before it, so that no shard is made of nothing; false = there is none. */
  joinToFormer(range: LiveRange): boolean;
  /** Lets whoever waits for the first page of the range go on without it. */
  giveUp(range: LiveRange): void;
};

/** Opens a set of at most `slots` ranges; `live` brings one to life, `choose` says where to cut. Every change takes place in one step. */
export function openRanges(
  slots: number,
  live: (range: OpenRange) => LiveRange,
  choose: ChooseCut = chooseCut,
): OpenRanges {
  const all = new Set<LiveRange>();
  const probes = new Map<LiveRange, { of: LiveRange; cut: string; shown(): void }>();
  const alphabets = openAlphabets();
  let cuts = 0;
  let emptyProbes = 0;

  function add(range: OpenRange): LiveRange {
    const added = live(range);
    all.add(added);
    return added;
  }

  function cutOff(range: LiveRange, cut: string): LiveRange {
    const end = add(untouched(cut, range.upTo));
    end.before = range.seen?.cursor ?? range.before;
    end.ceiling = range.ceiling;
    end.ceilingIsKey = range.ceilingIsKey;
    range.upTo = cut;
    const shown = Promise.withResolvers<void>();
    range.probe = shown.promise;
    probes.set(end, { of: range, cut, shown: shown.resolve });
    cuts += 1;
    return end;
  }

  /** The first page of a range that was cut off tells the range it was cut from what lies behind the cut. */
  function tellProbe(range: LiveRange, firstKey: string | null): void {
    const probe = probes.get(range);
    if (probe === undefined) return;
    probes.delete(range);
    learnOfProbe(probe.of, probe.cut, firstKey);
    if (firstKey === null) emptyProbes += 1;
    probe.shown();
  }

  return {
    all,
    cuts: () => cuts,
    emptyProbes: () => emptyProbes,
    add,
    remove: (range) => void all.delete(range),

    cutForIdleSlots() {
      const ends: LiveRange[] = [];
      while (all.size < slots) {
        const shown = cuts - probes.size;
        const chosen = choose([...all], alphabets, slots, { shown, empty: emptyProbes });
        if (chosen === null) break;
        let last = chosen.range;
        for (const cut of chosen.cuts) {
          last = cutOff(last, cut);
          ends.push(last);
        }
      }
      return ends;
    },

    learn(range, shown, more, reaches) {
      range.ended = !more;
      range.reaches = reaches ?? null;
      if (shown !== null) learnFrom(range, shown, alphabets);
      tellProbe(range, shown?.first ?? null);
    },

    joinToFormer(range) {
      const { index, after } = range.settled.shard;
      if (index !== null) return false;
      const former = [...all].find((other) => other !== range && !other.closing && other.upTo === after);
      if (former === undefined) return false;
      former.upTo = range.upTo;
      all.delete(range);
      return true;
    },

    giveUp(range) {
      probes.get(range)?.shown();
      probes.delete(range);
    },
  };
}
