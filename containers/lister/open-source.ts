import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Connections } from '../../adapters/rclone/connections.ts';
import { sameName } from '../../adapters/rclone/listed-entry.ts';
import { RcloneDaemon } from '../../adapters/rclone/rclone-daemon.ts';
import { WalkStopped, walkBackend } from '../../adapters/rclone/walk-backend.ts';
import { finishedSpool, SpoolBuilder } from '../../adapters/spool/build-spool.ts';
import type { WhenTwice } from '../../adapters/spool/merge-runs.ts';
import { SortedListing } from '../../adapters/spool/sorted-listing.ts';
import { type BucketLocation, isRcloneLocation, type RcloneLocation } from '../../core/batching/batch.ts';
import type { Checkpoint } from '../../core/inventory/checkpoint.ts';
import { findFolders, folderBounds } from '../../core/inventory/find-folders.ts';
import { openFolderListing } from '../../core/inventory/folder-listing.ts';
import type { ListingParts } from '../../core/inventory/list-source.ts';
import { openListingGate } from '../../core/inventory/listing-gate.ts';
import { listingPace, type MigrationPlan, sourceLocation } from '../../core/migration.ts';
import type { ObjectStore } from '../../core/ports.ts';
import { isS3Request, type Request, type S3Request } from '../../core/request.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import { memoryHere } from '../memory-here.ts';
import type { openPlace } from '../place.ts';
import { readOwnInventory, readS3Inventory } from './read-inventory.ts';

/** The source as the lister reads it. */
export type ListedSource = {
  store: ListingParts['source'];
  /** Gives up what the listing took of this machine. `finished`: nobody will list it again. */
  close(finished: boolean): Promise<void>;
};

/** Where and with what an rclone source is walked. */
export type WalkPlace = {
  place: Pick<ReturnType<typeof openPlace>, 'jobStore' | 'openStore' | 'secrets' | 'clock' | 'log'>;
  /** A folder on a disk of this machine, with room for about 200 bytes an object, twice. */
  spoolFolder: string;
  /** null = none is installed. */
  rclone: string | null;
  setpriv: string | null;
  /** Requests to the source that may be under way at the same time. */
  requestsAtOnce: number;
  /** What an earlier lister left open. */
  openRanges: Checkpoint['ranges'];
  stop: AbortSignal;
};

/** Fills a spool with everything that the source holds; gives the requests that it took. */
type Fill = (spool: SpoolBuilder, folder: string) => Promise<RequestsMade>;

/**
 * Opens the source of a plan for listing. A bucket lists itself. An rclone source, a bucket that lists in an order of its
 * own, or an inventory that is given instead of listing, is read to its end and sorted on disk first; a spool that was finished for the same pass is used
 * again, an unfinished one is built anew. Throws what `walkBackend` and the readers of inventories throw, and
 * `SecretMissing` or `InvalidRequest` for the secret of an rclone source.
 */
export async function openSource(plan: MigrationPlan, walk: WalkPlace): Promise<ListedSource> {
  const { request } = plan;
  const location = sourceLocation(request);
  if (isRcloneLocation(location))
    return openSpool(plan, walk, sameName, (spool, folder) =>
      walkInto(spool, folder, request, location, walk),
    );
  const newest: WhenTwice = (first, second) => (second.modifiedAtMs >= first.modifiedAtMs ? second : first);
  const { listing } = plan.capabilities;
  if (!isS3Request(request) || request.source.inventory === undefined) {
    if (listing === 'unordered')
      return openSpool(plan, walk, newest, (spool) => readByTokens(spool, request, location, walk));
    const store = await walk.place.openStore(location, { listing });
    const close = async () => store.close();
    if (listing !== 'folders') return { store, close };
    return { store: await openFolders(store, request, walk), close };
  }
  const { inventory } = request.source;
  return openSpool(plan, walk, newest, (spool) => readInto(spool, request, location, inventory, walk));
}

async function openSpool(
  { folder: pass, request }: MigrationPlan,
  { spoolFolder, place }: WalkPlace,
  whenTwice: WhenTwice,
  fill: Fill,
): Promise<ListedSource> {
  const binding = JSON.stringify([pass, request.source]);
  const folder = join(spoolFolder, createHash('sha256').update(binding).digest('hex').slice(0, 16));
  let requests: RequestsMade = {};
  let path = await finishedSpool(folder);
  if (path === null) {
    const spool = await SpoolBuilder.open({ folder, whenTwice });
    requests = await fill(spool, folder);
    path = await spool.finish();
  } else place.log('spool-found', { folder });
  const listing = await SortedListing.open(path);
  return {
    store: { listPage: (query) => listing.listPage(query), requestsMade: () => requests },
    async close(finished) {
      await listing.close();
      if (finished) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function walkInto(
  spool: SpoolBuilder,
  folder: string,
  request: Request,
  location: RcloneLocation,
  { place, rclone, setpriv, stop }: WalkPlace,
): Promise<RequestsMade> {
  const { clock, log, secrets } = place;
  if (rclone === null)
    throw new Error('RCLONE names no rclone, and nothing else can list a source of type "rclone"');
  const connections = new Connections(secrets);
  const remote = await connections.remoteOf(location);
  const { prefix, requestsPerSecond } = request.source;
  const limits = { requestsPerSecond, bandwidthBytesPerSecond: null };
  // The other half is for this process and the system.
  const memoryBytes = Math.floor(memoryHere() / 2);
  const { env: environment } = process;
  const daemon = await RcloneDaemon.start({ rclone, setpriv, environment, clock, log, limits, memoryBytes });
  const scratchFolder = `${folder}.walk`;
  try {
    await mkdir(scratchFolder, { recursive: true, mode: 0o700 });
    const withoutSecrets = (text: string): string => connections.withoutSecrets(text);
    return await walkBackend(
      { daemon, remote, prefix, scratchFolder, clock, log, stop, withoutSecrets },
      (objects) => spool.add(objects),
    );
  } finally {
    await rm(scratchFolder, { recursive: true, force: true });
    await daemon.stop();
  }
}

/** Looks for the folders of a bucket that cannot begin a listing elsewhere; where it has none, it is listed in one stream. */
async function openFolders(
  store: ObjectStore,
  request: Request,
  { place, requestsAtOnce, openRanges, stop }: WalkPlace,
): Promise<ListingParts['source']> {
  const { clock, log } = place;
  const { prefix } = request.source;
  const gate = openListingGate(listingPace(request, requestsAtOnce), { clock, log, signal: stop });
  const bounds = folderBounds(requestsAtOnce, openRanges);
  try {
    const map = await findFolders(store, prefix, bounds, (call) =>
      stop.aborted ? Promise.reject(new WalkStopped('the lister was told to stop')) : gate.ask(call),
    );
    log('folders-found', { folders: map.folders.length, looseObjects: map.loose.length });
    return { ...openFolderListing(store, prefix, map), requestsMade: () => store.requestsMade() };
  } catch (error) {
    store.close();
    throw stop.aborted ? new WalkStopped('the lister was told to stop') : error;
  }
}

/** Reads a bucket whole, in the store's own order, which only its own tokens follow. */
async function readByTokens(
  spool: SpoolBuilder,
  request: Request,
  location: BucketLocation,
  { place, stop }: WalkPlace,
): Promise<RequestsMade> {
  const { clock, log } = place;
  const { prefix } = request.source;
  const store = await place.openStore(location, { listing: 'unordered' });
  const gate = openListingGate(listingPace(request, 1), { clock, log, signal: stop });
  let objects = 0;
  try {
    for (let token: string | undefined, pages = 1, more = true; more; pages++) {
      const query = { prefix, startAfter: null, ...(token === undefined ? {} : { token }), signal: stop };
      const page = await gate
        .ask(() => store.listPage(query))
        .catch((error: unknown) => {
          if (stop.aborted) return null;
          throw error;
        });
      if (page === null || stop.aborted) throw new WalkStopped('the lister was told to stop');
      await spool.add(page.objects);
      objects += page.objects.length;
      ({ more, next: token } = page);
      if (!more || pages % 100 === 0) log('source-read', { objects, finished: !more });
    }
    return store.requestsMade();
  } finally {
    store.close();
  }
}

async function readInto(
  spool: SpoolBuilder,
  request: S3Request,
  location: BucketLocation,
  inventory: string,
  { place, stop }: WalkPlace,
): Promise<RequestsMade> {
  const s3 = /^s3:\/\/([^/]+)\/(.*)$/.exec(inventory);
  const [, bucket = '', key = ''] = s3 ?? [];
  const store = await place.openStore(s3 === null ? location : { ...location, bucket });
  try {
    const pages =
      s3 === null
        ? readOwnInventory(inventory, request, place.jobStore)
        : readS3Inventory(key, request.source.bucket, store);
    for await (const page of pages) {
      if (stop.aborted) throw new WalkStopped('the lister was told to stop');
      await spool.add(page);
    }
    return store.requestsMade();
  } finally {
    store.close();
  }
}
