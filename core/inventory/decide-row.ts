import type { MigrationPlan } from '../migration.ts';
import type { ObjectStore } from '../ports.ts';
import { compileRoutes, type Route } from '../rules/route.ts';
import { compileSelect } from '../rules/select.ts';
import { decideTransfer } from '../verification/decide-transfer.ts';
import type { InventoryRow, ObjectSummary } from './inventory-row.ts';
import { openSeekListing, type SeekListing } from './seek-listing.ts';

/** S3's longest key. [src: S3 user guide, object keys] */
const maxKeyBytes = 1024;

/** Decides for source objects, asked in ascending key order, what is to happen with each. */
export type RowDecider = (object: ObjectSummary) => Promise<{ row: InventoryRow; route: Route }>;

/**
 * Opens the comparison of source objects after `after` with what the destination holds already. Both sides are
 * read in the same order, each once; keys that a rule renames are looked up in listings of their own.
 */
export function openDecider(
  plan: MigrationPlan,
  source: Pick<ObjectStore, 'listPage'>,
  destination: Pick<ObjectStore, 'listPage'>,
  after: string | null,
): RowDecider {
  const { request } = plan;
  const select = compileSelect(request.select);
  const router = compileRoutes(request);
  const trust = { compare: request.verify.compare, ...plan.capabilities };
  const destinations = new Map<number, SeekListing>();
  const collisions = new Map<string, SeekListing>();

  /** What the destination has under the key; one ascending listing for all keys that one rule renames. */
  function thereAlready({ to, renamedBy }: Route): Promise<ObjectSummary | null> {
    let listing = destinations.get(renamedBy);
    if (listing === undefined) {
      const rename = router.renames.find(({ rule }) => rule === renamedBy);
      const prefix = rename === undefined ? request.destination.prefix + request.source.prefix : rename.to;
      const start = rename === undefined && after !== null ? request.destination.prefix + after : null;
      listing = openSeekListing(destination, { prefix, range: { after: start, upTo: null } });
      destinations.set(renamedBy, listing);
    }
    return listing.find(to);
  }

  /** Names another source object that goes to the same destination key and has the better claim to it. */
  async function collision(key: string, { to, renamedBy }: Route): Promise<string | null> {
    if (router.renames.length === 0) return null;
    for (const candidate of router.sourcesOf(to)) {
      if (candidate.renamedBy >= renamedBy || !candidate.key.startsWith(request.source.prefix)) continue;
      const name = `${renamedBy}>${candidate.renamedBy}`;
      let listing = collisions.get(name);
      if (listing === undefined) {
        listing = openSeekListing(source, {
          prefix: request.source.prefix,
          range: { after: null, upTo: null },
        });
        collisions.set(name, listing);
      }
      const found = await listing.find(candidate.key);
      if (found !== null && found.key !== key && select(found) === null)
        return `its rename leads to ${JSON.stringify(to)}, where ${JSON.stringify(found.key)} goes too`;
    }
    return null;
  }

  return async ({ problem, ...object }) => {
    const route = router.route(object.key);
    if (select(object) !== null) return { row: { ...object, decision: 'excluded' }, route };
    const reason = problem ?? nameProblem(route.to) ?? (await collision(object.key, route));
    if (reason !== null)
      return { row: { ...object, decision: 'exception', kind: 'unrepresentable', reason }, route };
    const decision = decideTransfer(object, await thereAlready(route), request.existing, trust);
    return { row: { ...object, decision }, route };
  };
}

/** Why S3 takes no object of this name; null = it does. */
function nameProblem(to: string): string | null {
  if (to === '') return 'its rename leaves nothing of the destination key; S3 keys have 1 byte at least';
  const bytes = new TextEncoder().encode(to).length;
  return bytes <= maxKeyBytes
    ? null
    : `the destination key would have ${bytes} bytes; S3 takes ${maxKeyBytes} at most`;
}
