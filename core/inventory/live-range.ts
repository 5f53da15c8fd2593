import type { Packer } from '../batching/pack-batches.ts';
import { openPackerFor, type PackingLimits } from '../batching/pack-partitions.ts';
import type { Alphabets } from '../keyspace/alphabets.ts';
import { ownCopy } from '../keyspace/own-copy.ts';
import { type Cut, splitRange } from '../keyspace/split-range.ts';
import { noObjects } from '../transfer/outcome.ts';
import type { OpenRange } from './checkpoint.ts';
import type { RowDecider } from './decide-row.ts';
import type { ObjectSummary } from './inventory-row.ts';

/** A range while it is being listed: what is on record of it, and what was learnt of where its keys lie. */
export type LiveRange = {
  /** As a checkpoint may say it now. `upTo` beside it is the one that counts. */
  settled: Omit<OpenRange, 'upTo'>;
  upTo: string | null;
  packer: Packer;
  decider: RowDecider;
  /** The pages that came since this lister began; null = none yet. */
  seen: { first: string; cursor: string; pageFirst: string; pages: number } | null;
  /** Up to where nothing is left, where the last page said more of that than its last key does. */
  reaches: string | null;
  /** The last key known before the range. */
  before: string | null;
  ceiling: string | null;
  ceilingIsKey: boolean;
  emptyProbes: number;
  /** The range is not cut again before it has come so many pages far. */
  nextCutAtPages: number;
  /** Settles when the range that was cut off the end of this one has shown its first page. */
  probe: Promise<void> | null;
  /** Where it would be cut, as it is known now; undefined = to be worked out. */
  cut: Cut | null | undefined;
  /** Its last page has come: there is nothing left to cut. */
  ended: boolean;
  /** Its last shard is being closed: nothing can be joined to it any more. */
  closing: boolean;
};

/** A range as a checkpoint left it, or a new one. */
export function liveRange(
  { upTo, ...settled }: OpenRange,
  decider: RowDecider,
  limits: PackingLimits,
): LiveRange {
  return {
    settled,
    upTo,
    packer: openPackerFor(limits, settled.pending),
    decider,
    seen: null,
    reaches: null,
    before: null,
    ceiling: null,
    ceilingIsKey: false,
    emptyProbes: 0,
    nextCutAtPages: 1,
    probe: null,
    cut: undefined,
    ended: false,
    closing: false,
  };
}

/** What a checkpoint says of a range of which nothing is listed. */
export function untouched(after: string | null, upTo: string | null): OpenRange {
  return { cursor: after, upTo, shard: emptyShard(after), pending: [] };
}

/** A shard without a row. */
export function emptyShard(after: string | null): OpenRange['shard'] {
  return { index: null, after, pieces: 0, batches: 0, listed: noObjects() };
}

/** The first and the last key of a page that lie in the range; they may keep the text of the page in memory. */
export type ShownKeys = { first: string; last: string };

/** Those of these objects; null where there is none. */
export function shownKeys(objects: readonly ObjectSummary[]): ShownKeys | null {
  const [first, last] = [objects[0]?.key, objects.at(-1)?.key];
  return first === undefined || last === undefined ? null : { first, last };
}

/** Notes which keys a page showed. */
export function learnFrom(range: LiveRange, shown: ShownKeys, alphabets: Alphabets): void {
  const [first, last] = [ownCopy(shown.first), ownCopy(shown.last)];
  alphabets.learn(first);
  alphabets.learn(last);
  const { first: start, pages } = range.seen ?? { first, pages: 0 };
  range.cut = undefined;
  range.seen = { first: start, cursor: last, pageFirst: first, pages: pages + 1 };
}

/** So many probes of a range may find nothing before it has to come further between two of them. */
const freeProbes = 3;
const longestRestPages = 32;

/** Notes the first key behind a cut; null = there is none, keys are not expected there, and the next cut may have to wait. */
export function learnOfProbe(range: LiveRange, cut: string, firstKey: string | null): void {
  range.probe = null;
  range.cut = undefined;
  range.ceiling = firstKey === null ? cut : ownCopy(firstKey);
  range.ceilingIsKey = firstKey !== null;
  range.emptyProbes = firstKey === null ? range.emptyProbes + 1 : 0;
  if (range.emptyProbes <= freeProbes) return;
  const restPages = Math.min(longestRestPages, 2 ** (range.emptyProbes - freeProbes));
  range.nextCutAtPages = (range.seen?.pages ?? 0) + restPages;
}

/** Where the rest of the range would be cut, and what is expected to be left of it; null = it cannot be cut now. */
export function cutOf(range: LiveRange, alphabets: Alphabets): Cut | null {
  const { seen, probe, ended, nextCutAtPages } = range;
  if (seen === null || probe !== null || ended || seen.pages < nextCutAtPages) return null;
  const { before, upTo, ceiling, ceilingIsKey, emptyProbes } = range;
  const known = { ...seen, before, upTo, ceiling, ceilingIsKey, emptyProbes };
  if (range.cut === undefined) range.cut = splitRange(known, alphabets);
  return range.cut;
}
