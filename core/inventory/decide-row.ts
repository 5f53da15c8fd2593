import type { KeyRange } from '../keyspace/key-range.ts';
import type { MigrationPlan } from '../migration.ts';
import type { ObjectStore } from '../ports.ts';
import { compileRoutes, notRenamed, type Route } from '../rules/route.ts';
import { compileSelect, selectsAll } from '../rules/select.ts';
import type { ExceptionKind } from '../transfer/outcome.ts';
import { decideTransfer } from '../verification/decide-transfer.ts';
import { openPackedDecider, type PackedDecider } from './decide-packed.ts';
import type { Decision, ObjectSummary } from './inventory-row.ts';
import { openSeekListing, type SeekListing } from './seek-listing.ts';

const isAscii = /^[\0-\x7f]*$/;
/** S3's longest key. [src: S3 user guide, object keys] */
export const maxKeyBytes = 1024;

/** What is to happen with an object, and where it goes. `kind` and `reason` are there for exceptions. */
export type Decided = { decision: Decision; route: Route; kind?: ExceptionKind; reason?: string };

/** Decides for the source objects of a range what is to happen with each. */
export type RowDecider = {
  /** Asked in ascending key order, each after the answer to the one before. A promise only where a page has to be waited for. */
  decide(object: ObjectSummary): Decided | Promise<Decided>;
  /** Asks the destination for its first page already, while the source is asked for the same; once. */
  begin(): void;
  /** Decides for pages that are bytes; null where they have to be objects, for a rule or a selection. */
  packed: PackedDecider | null;
};

/**
 * Opens the comparison of the source objects of a range with what the destination holds already. Both sides are
 * read in the same order, each once; keys that a rule renames are looked up in listings of their own.
 */
export function openDecider(
  plan: MigrationPlan,
  source: Pick<ObjectStore, 'listPage'>,
  destination: Pick<ObjectStore, 'listPage' | 'readPage'>,
  range: KeyRange,
): RowDecider {
  const { request } = plan;
  const select = compileSelect(request.select);
  const { prefix } = request.destination;
  const asBytes = selectsAll(request.select) && request.rules.length === 0 && isAscii.test(prefix);
  const router = compileRoutes(request);
  const trust = { compare: request.verify.compare, ...plan.capabilities };
  const destinations = new Map<number, SeekListing>();
  const collisions = new Map<string, SeekListing>();

  /** The range as it lies at the destination, where keys keep their order. */
  function there({ after, upTo }: KeyRange): KeyRange {
    return { after: after === null ? null : prefix + after, upTo: upTo === null ? null : prefix + upTo };
  }

  /** The part of the destination that keys renamed by this rule go to; one ascending listing for all of them. */
  function listingThere(renamedBy: number): SeekListing {
    let listing = destinations.get(renamedBy);
    if (listing === undefined) {
      const rename = router.renames.find(({ rule }) => rule === renamedBy);
      const prefix = rename === undefined ? request.destination.prefix + request.source.prefix : rename.to;
      const stretch = rename === undefined ? there(range) : { after: null, upTo: null };
      listing = openSeekListing(destination, { prefix, range: stretch }, { asBytes });
      destinations.set(renamedBy, listing);
    }
    return listing;
  }

  function thereAlready({ to, renamedBy }: Route): ReturnType<SeekListing['find']> {
    return listingThere(renamedBy).find(to);
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

  function refused(route: Route, reason: string): Decided {
    return { decision: 'exception', route, kind: 'unrepresentable', reason };
  }

  function compared(object: ObjectSummary, route: Route, there: ObjectSummary | null): Decided {
    return { decision: decideTransfer(object, there, request.existing, trust), route };
  }

  async function decideRenamed(object: ObjectSummary, route: Route): Promise<Decided> {
    const reason = await collision(object.key, route);
    if (reason !== null) return refused(route, reason);
    return compared(object, route, await thereAlready(route));
  }

  return {
    decide(object) {
      const route = router.route(object.key);
      if (select(object) !== null) return { decision: 'excluded', route };
      const problem = object.problem ?? nameProblem(route.to);
      if (problem !== null) return refused(route, problem);
      if (router.renames.length > 0) return decideRenamed(object, route);
      const existing = thereAlready(route);
      return existing instanceof Promise
        ? existing.then((found) => compared(object, route, found))
        : compared(object, route, existing);
    },
    packed: asBytes ? openPackedDecider(listingThere(notRenamed), { ...request, prefix, trust }) : null,
    begin() {
      if (router.renames.length === 0) listingThere(notRenamed).begin();
    },
  };
}

/** Why S3 takes no object of this name; null = it does. */
function nameProblem(to: string): string | null {
  if (to === '') return 'its rename leaves nothing of the destination key; S3 keys have 1 byte at least';
  // A UTF-16 unit is three bytes of UTF-8 at most: most keys need no counting.
  if (to.length * 3 <= maxKeyBytes) return null;
  const bytes = new TextEncoder().encode(to).length;
  return bytes <= maxKeyBytes
    ? null
    : `the destination key would have ${bytes} bytes; S3 takes ${maxKeyBytes} at most`;
}
