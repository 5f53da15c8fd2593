import { fileToMove } from '../batching/file-to-move.ts';
import type { InventoryRow, ObjectSummary } from '../inventory/inventory-row.ts';
import { openSeekListing, type SeekListing } from '../inventory/seek-listing.ts';
import type { ShardSummary } from '../inventory/shard.ts';
import type { MigrationPlan } from '../migration.ts';
import type { ObjectStore } from '../ports.ts';
import { compileRoutes, type Route } from '../rules/route.ts';
import { addTally, type ExceptionKind, type Tally } from '../transfer/outcome.ts';
import { askSource, type Ruling } from './ask-source.ts';
import { compareContent, isSampled } from './compare-content.ts';
import { proofOfCopy } from './compare-objects.ts';
import { type Finding, nothingCounted, type ShardVerification } from './findings.ts';

/** Questions to the source that are under way at once. */
const questionsAtOnce = 32;

type Parts = {
  plan: MigrationPlan;
  shard: ShardSummary;
  rows: AsyncIterable<InventoryRow[]>;
  /** null = there is nothing that could ask it (an rclone source). */
  source: ObjectStore | null;
  destination: ObjectStore;
  /** What workers recorded for keys of this shard that they gave up, the last word for each. */
  recorded: ReadonlyMap<string, { kind: ExceptionKind; reason: string }>;
  round: number;
};

/**
 * Merges one shard of the source inventory with a fresh listing of the destination and says for every key how it
 * ended. What is missing or different is asked for at the source once more before it is called a repair; after
 * the last repair round it is an exception. Counters of workers play no part.
 * Throws `StoreError` when a listing fails; then nothing is said about the shard.
 */
export async function verifyShard(
  parts: Parts,
): Promise<{ verification: ShardVerification; findings: Finding[] }> {
  const { plan, shard, source, destination, round } = parts;
  const { request } = plan;
  const trust = { compare: request.verify.compare, ...plan.capabilities };
  const router = compileRoutes(request);
  const found: ShardVerification = { shard: shard.shard, round, repairedBefore: 0, ...nothingCounted() };
  const findings: Finding[] = [];
  const listings = new Map<number, SeekListing>();
  const inPlace = openSeekListing(destination, inPlaceStretch(), {
    passed({ key }) {
      const mayBeRenamed = router
        .sourcesOf(key)
        .some((from) => from.renamedBy >= 0 && from.key.startsWith(request.source.prefix));
      if (!mayBeRenamed) found.extra += 1;
    },
  });
  listings.set(-1, inPlace);
  const mayRepair = round <= request.verify.repairRounds;
  let open: { row: InventoryRow; route: Route; there: ObjectSummary | null; otherBytes: boolean }[] = [];

  function inPlaceStretch() {
    const { prefix } = request.destination;
    const { after, upTo } = shard.range;
    return {
      prefix: prefix + request.source.prefix,
      range: { after: after === null ? null : prefix + after, upTo: upTo === null ? null : prefix + upTo },
    };
  }

  function listingFor(renamedBy: number): SeekListing {
    let listing = listings.get(renamedBy);
    if (listing === undefined) {
      const prefix = router.renames.find(({ rule }) => rule === renamedBy)?.to ?? request.destination.prefix;
      listing = openSeekListing(destination, { prefix, range: { after: null, upTo: null } });
      listings.set(renamedBy, listing);
    }
    return listing;
  }

  function tally(outcome: keyof ShardVerification['outcomes'], row: InventoryRow): void {
    const size: Tally = { objects: 1, bytes: row.sizeBytes };
    found.outcomes[outcome] = addTally(found.outcomes[outcome], size);
  }

  function verified(row: InventoryRow, proof: 'checksum' | 'size' | 'content'): void {
    tally(row.decision === 'unchanged' ? 'unchanged' : 'copied', row);
    if (proof === 'checksum') found.provenByChecksum += 1;
    else if (proof === 'size') found.provenBySize += 1;
    else found.provenByContent += 1;
  }

  function exception(row: InventoryRow, kind: ExceptionKind, reason: string): void {
    tally('exception', row);
    found.exceptionKinds[kind] = (found.exceptionKinds[kind] ?? 0) + 1;
    findings.push({ action: 'exception', key: row.key, kind, reason });
  }

  function rule(row: InventoryRow, route: Route, there: ObjectSummary | null, ruling: Ruling): void {
    if (ruling.ruling === 'verified') {
      verified(row, ruling.proof);
      return;
    }
    if (there === null) found.missing += 1;
    else if (ruling.ruling === 'repair' || ruling.arrived !== true) found.different += 1;
    if (ruling.ruling === 'exception') {
      exception(row, ruling.kind, ruling.reason);
      return;
    }
    tally('repair', row);
    findings.push({
      action: 'repair',
      key: row.key,
      reason: ruling.reason,
      file: fileToMove(ruling.object, route),
    });
  }

  async function answerOpen(): Promise<void> {
    const cases = open;
    open = [];
    const rulings = await Promise.all(
      cases.map(({ row, there, otherBytes }) =>
        askSource(
          { row, there, otherBytes, recorded: parts.recorded.get(row.key) ?? null, mayRepair },
          source,
          trust,
        ),
      ),
    );
    cases.forEach(({ row, route, there }, index) => {
      const ruling = rulings[index];
      if (ruling !== undefined) rule(row, route, there, ruling);
    });
  }

  async function check(row: InventoryRow): Promise<void> {
    const route = router.route(row.key);
    const there = await listingFor(route.renamedBy).find(route.to);
    if (row.decision === 'excluded') return tally('excluded', row);
    if (row.decision === 'exception')
      return exception(row, row.kind ?? 'unrepresentable', row.reason ?? 'refused when it was listed');
    if (row.decision === 'kept' && there !== null) {
      found.kept += 1;
      return tally('unchanged', row);
    }
    const proof = there === null ? null : proofOfCopy(row, there, trust);
    const recorded = source === null ? parts.recorded.get(row.key) : undefined;
    // Nobody can look whether it is the new version that arrived; the worker that saw the change is believed.
    if (proof !== null && recorded?.kind === 'source-changed')
      return exception(row, recorded.kind, recorded.reason);
    if (proof === null) open.push({ row, route, there, otherBytes: false });
    else if (source === null || !isSampled(row.key, request.verify.contentSample))
      return verified(row, proof);
    else {
      const content = await compareContent(
        { store: source, key: row.key },
        { store: destination, key: route.to },
      );
      if (content === 'unreadable') return verified(row, proof);
      if (content === 'same') return verified(row, 'content');
      const stillThere = content === 'copy-gone' ? null : there;
      open.push({ row, route, there: stillThere, otherBytes: content === 'different' });
    }
    if (open.length >= questionsAtOnce) await answerOpen();
  }

  for await (const rows of parts.rows) for (const row of rows) await check(row);
  await answerOpen();
  await inPlace.finish();
  found.repaired = found.outcomes.repair.objects;
  found.requests = { source: source?.requestsMade() ?? {}, destination: destination.requestsMade() };
  return { verification: found, findings };
}
