import { CheckpointMismatch } from '../errors.ts';
import { jobLayout } from '../job-layout.ts';
import { encodeJson } from '../json-lines.ts';
import { highestCharacter } from '../keyspace/alphabets.ts';
import { filesTextBudget, listingOptions, type MigrationPlan } from '../migration.ts';
import type { Clock, JobStore, ListPage, Log, ObjectStore, WorkQueue } from '../ports.ts';
import { addRequests, type RequestsBySide } from '../requests-made.ts';
import { StoreError } from '../store-error.ts';
import { addTally, noObjects } from '../transfer/outcome.ts';
import { openBackPressure } from './back-pressure.ts';
import {
  beginningOf,
  type Checkpoint,
  type Listing,
  type ListingEffort,
  type OpenRange,
  totalOf,
} from './checkpoint.ts';
import { chooseAmong } from './choose-boundary.ts';
import { openCommitGroup } from './commit-group.ts';
import { openDecider } from './decide-row.ts';
import { type Filled, openShardFiller } from './fill-shard.ts';
import type { FolderListing } from './folder-listing.ts';
import { Decision } from './inventory-row.ts';
import { knowingItsEnd } from './known-end.ts';
import { type ListingPace, openListingGate } from './listing-gate.ts';
import { emptyShard, type LiveRange, liveRange } from './live-range.ts';
import { openRanges } from './open-ranges.ts';
import type { PackedPage } from './packed-page.ts';
import { pageInRange } from './page-in-range.ts';
import { openShardNumbers } from './shard-numbers.ts';

/** What a listing works with. */
export type ListingParts = {
  plan: MigrationPlan;
  source: Pick<ObjectStore, 'listPage' | 'readPage' | 'requestsMade'> &
    Partial<Pick<FolderListing, 'boundaries'>>;
  destination: Pick<ObjectStore, 'listPage' | 'requestsMade'>;
  queue: WorkQueue;
  jobStore: JobStore;
  clock: Clock;
  log: Log;
  /** A shard is closed when it holds this many rows, so that one verification reads it in minutes. */
  shardRows: number;
  pace: ListingPace;
  /** Where an earlier lister stopped; null = begin. */
  checkpoint: { value: Checkpoint; version: string } | null;
  /** When it aborts, the lister stops after the pages it is in. */
  stop: AbortSignal;
};

/** Progress is told so often, however quick pages come. */
const tellEveryMs = 200;
/** So often a checkpoint is written while ranges go on that do not wait for it: each names all of them. */
const recordEveryMs = 10;

/**
 * Lists the source from the checkpoint to the end: many ranges of the key space at the same time, the largest rest
 * cut in two whenever there is room for another. Writes the inventory, queues what has to be copied, and asks for no
 * further page of a range before the last one is on record in the checkpoint. Returns the finished listing, or null
 * when it was told to stop. Throws `StoreError`, or `VersionConflict` when another lister works on the same migration.
 */
export async function listSource(parts: ListingParts): Promise<Listing | null> {
  const { plan, source, queue, jobStore, clock, log, shardRows, pace, stop } = parts;
  const destination = knowingItsEnd(parts.destination, clock);
  const { folder, request } = plan;
  const { prefix } = request.source;
  const options = listingOptions(request);
  const state = parts.checkpoint?.value ?? beginningOf(options);
  if (state.options !== options) {
    throw new CheckpointMismatch(
      'the checkpoint of this migration was written under other options. Start this request under another id, or start the first one again to finish it.',
    );
  }
  const tallies = { ...state.tallies };
  let { batches } = state;
  const numbers = openShardNumbers(state.shards.next, state.shards.unused);
  let version = parts.checkpoint?.version ?? null;
  const limits = {
    ...request.batch,
    messageBytes: filesTextBudget(plan),
    partitions: plan.partitions ?? null,
  };
  const filler = openShardFiller({ plan, queue, jobStore, numbers, limits });
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, stop]);
  const gate = openListingGate(pace, { clock, log, signal });
  const pressure = openBackPressure({ queue, clock, log, signal });
  const slots = plan.capabilities.listing === 'stream' ? 1 : pace.most;
  const choose = source.boundaries && chooseAmong(source.boundaries);
  const live = (range: OpenRange): LiveRange => {
    const stretch = { after: range.cursor, upTo: range.upTo };
    const opened = liveRange(range, openDecider(plan, source, destination, stretch), limits);
    // No key lies behind the prefix, and some stores take no position outside of it. [src: MinIO, marker and prefix]
    if (range.upTo === null && prefix !== '') opened.ceiling = prefix + highestCharacter;
    return opened;
  };
  const ranges = openRanges(slots, live, choose);
  const running = new Set<Promise<void>>();
  let pages = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  const effort = (): ListingEffort => ({
    ranges: state.effort.ranges + ranges.cuts(),
    pages: state.effort.pages + pages,
    emptyProbes: state.effort.emptyProbes + ranges.emptyProbes(),
  });

  const requests = (): RequestsBySide => ({
    source: addRequests({ ...state.requests.source }, source.requestsMade()),
    destination: addRequests({ ...state.requests.destination }, destination.requestsMade()),
  });

  const { commit } = openCommitGroup(
    async () => {
      const checkpoint: Checkpoint = {
        version: 2,
        options,
        ranges: Array.from(ranges.all, ({ settled, upTo }) => ({ ...settled, upTo })),
        shards: { next: numbers.next(), unused: numbers.unused() },
        batches,
        tallies: { ...tallies },
        effort: effort(),
        requests: requests(),
      };
      const bytes = encodeJson(checkpoint, { compact: true });
      const written = await jobStore.write(jobLayout.checkpoint(folder), bytes, { replaces: version });
      version = written.version;
      if (clock.nowMs() - toldAtMs < tellEveryMs && ranges.all.size > 0) return;
      toldAtMs = clock.nowMs();
      log('listed', {
        ...totalOf(tallies),
        tallies,
        ranges: ranges.all.size,
        requestsAtOnce: gate.allowed(),
      });
    },
    { clock, leastMs: recordEveryMs, askers: () => ranges.all.size },
  );

  function start(range: LiveRange): void {
    const done = list(range)
      .catch((error: unknown) => {
        // What a stopped listing did not get to see is asked for again by the next one.
        if (!(stop.aborted && error instanceof StoreError)) failed.abort(error);
      })
      .finally(() => running.delete(done));
    running.add(done);
  }

  function cutForIdleSlots(): void {
    if (!signal.aborted) for (const end of ranges.cutForIdleSlots()) start(end);
  }

  async function list(range: LiveRange): Promise<void> {
    try {
      range.decider.begin();
      for (let more = true; more && !stop.aborted; ) more = await listPage(range);
    } finally {
      ranges.giveUp(range);
    }
  }

  /**
   * Lists the next page of a range, and says whether more may follow once it is on record. Neither this nor `digest` is an
   * async function, which would keep the page for as long as that takes: the pages of all ranges would be most of the memory.
   */
  function listPage(range: LiveRange): Promise<boolean> {
    const { cursor: startAfter, token } = range.settled;
    const place = { prefix, startAfter, ...(token === undefined ? {} : { token }) };
    const query = { ...place, signal: failed.signal };
    const readPage = source.readPage?.bind(source);
    if (readPage === undefined)
      return gate.ask(() => source.listPage(query)).then((answer) => digest(range, answer));
    // What goes wrong with a page that came is no failure of the request, and waits for nobody who would repeat it.
    const read = (page: ListPage | PackedPage) => {
      const digested = new Promise<boolean>((resolve) => resolve(digest(range, page)));
      digested.catch(() => undefined);
      return { digested };
    };
    return gate.ask(() => readPage(query, read)).then(({ digested }) => digested);
  }

  function digest(range: LiveRange, answer: ListPage | PackedPage): Promise<boolean> {
    // Nothing is awaited here, and nobody cuts the range: what is learnt of the page and its end agree.
    const { page, shown, more, next, reaches } = pageInRange(range, answer, prefix);
    pages += 1;
    const joined = shown === null && ranges.joinToFormer(range);
    ranges.learn(range, shown, more, reaches);
    if (more) cutForIdleSlots();
    const filling = shown === null ? null : filler.fill(range, page);
    const token = next === undefined ? {} : { token: next };
    const settled = joined ? commit() : settle(range, { filling, more, token });
    return settled.then(() => more);
  }

  type DigestedPage = { filling: Promise<Filled> | null; more: boolean; token: { token?: string } };

  /** Puts a page on record; the last one with the end of its shard. */
  async function settle(range: LiveRange, { filling, more, token }: DigestedPage): Promise<void> {
    if (filling !== null) {
      const { settled, tallies: ofPage, batches: sent } = await filling;
      range.settled = { ...settled, ...token };
      numbers.settle(settled.shard.index);
      for (const decision of Decision.options)
        tallies[decision] = addTally(tallies[decision], ofPage[decision] ?? noObjects());
      await pressure.sent(sent);
    }
    if (!more) await range.probe;
    const { cursor, shard } = range.settled;
    if (!more && !ranges.joinToFormer(range)) {
      range.closing = true;
      noteClosed(range, range.upTo, await filler.close(range, range.upTo));
      ranges.remove(range);
      cutForIdleSlots();
    } else if (more && shard.listed.objects >= shardRows)
      noteClosed(range, cursor, await filler.close(range, cursor), token);
    await commit();
  }

  function noteClosed(
    range: LiveRange,
    upTo: string | null,
    closed: { index: number; batches: number },
    token: { token?: string } = {},
  ): void {
    batches += closed.batches;
    numbers.settle(closed.index);
    range.settled = { cursor: upTo, shard: emptyShard(upTo), pending: [], ...token };
  }

  const first = state.ranges.map(ranges.add);
  for (const range of first) start(range);
  while (running.size > 0) await Promise.all(running);
  if (failed.signal.aborted) throw failed.signal.reason;
  if (ranges.all.size > 0) return null;
  const listing: Listing = {
    version: 1,
    shards: numbers.next(),
    batches,
    listed: totalOf(tallies),
    tallies,
    effort: effort(),
    requests: requests(),
    finishedAtMs: clock.nowMs(),
  };
  await jobStore.write(jobLayout.listing(folder), encodeJson(listing));
  return listing;
}
