import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Connections } from '../../adapters/rclone/connections.ts';
import { sameName } from '../../adapters/rclone/listed-entry.ts';
import { RcloneDaemon } from '../../adapters/rclone/rclone-daemon.ts';
import { walkBackend } from '../../adapters/rclone/walk-backend.ts';
import { finishedSpool, SpoolBuilder } from '../../adapters/spool/build-spool.ts';
import { SortedListing } from '../../adapters/spool/sorted-listing.ts';
import { isRcloneLocation, type RcloneLocation } from '../../core/batching/batch.ts';
import { type MigrationPlan, sourceLocation } from '../../core/migration.ts';
import type { ObjectStore } from '../../core/ports.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import type { openPlace } from '../place.ts';

/** The source as the lister reads it. */
export type ListedSource = {
  store: Pick<ObjectStore, 'listPage' | 'requestsMade'>;
  /** Gives up what the listing took of this machine. `finished`: nobody will list it again. */
  close(finished: boolean): Promise<void>;
};

/** Where and with what an rclone source is walked. */
export type WalkPlace = {
  place: Pick<ReturnType<typeof openPlace>, 'openStore' | 'secrets' | 'clock' | 'log'>;
  /** A folder on a disk of this machine, with room for about 200 bytes an object, twice. */
  spoolFolder: string;
  /** null = none is installed. */
  rclone: string | null;
  setpriv: string | null;
  stop: AbortSignal;
};

/**
 * Opens the source of a plan for listing. A bucket lists itself. An rclone source is walked to its end and sorted on
 * disk first; a spool that was finished for the same pass is used again, an unfinished one is built anew.
 * Throws what `walkBackend` throws, and `SecretMissing` or `InvalidRequest` for its secret.
 */
export async function openSource(plan: MigrationPlan, walk: WalkPlace): Promise<ListedSource> {
  const location = sourceLocation(plan.request);
  if (!isRcloneLocation(location)) {
    const store = await walk.place.openStore(location, { listing: plan.capabilities.listing });
    return { store, close: async () => store.close() };
  }
  const { prefix } = plan.request.source;
  const binding = JSON.stringify([plan.folder, location, prefix]);
  const folder = join(walk.spoolFolder, createHash('sha256').update(binding).digest('hex').slice(0, 16));
  const found = await finishedSpool(folder);
  if (found !== null) walk.place.log('spool-found', { folder });
  const requests: RequestsMade = {};
  const path = found ?? (await spoolBackend(plan, location, folder, walk, requests));
  const listing = await SortedListing.open(path);
  return {
    store: { listPage: (query) => listing.listPage(query), requestsMade: () => requests },
    async close(finished) {
      await listing.close();
      if (finished) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Walks the backend into a spool and gives the path of its file. */
async function spoolBackend(
  { request }: MigrationPlan,
  location: RcloneLocation,
  folder: string,
  { place, rclone, setpriv, stop }: WalkPlace,
  requests: RequestsMade,
): Promise<string> {
  const { clock, log, secrets } = place;
  if (rclone === null)
    throw new Error('RCLONE names no rclone, and nothing else can list a source of type "rclone"');
  const connections = new Connections(secrets);
  const remote = await connections.remoteOf(location);
  const { prefix, requestsPerSecond } = request.source;
  const limits = { requestsPerSecond, bandwidthBytesPerSecond: null };
  const daemon = await RcloneDaemon.start({ rclone, setpriv, environment: process.env, clock, log, limits });
  try {
    const spool = await SpoolBuilder.open({ folder, whenTwice: sameName });
    const scratchFolder = `${folder}.walk`;
    await mkdir(scratchFolder, { recursive: true, mode: 0o700 });
    const withoutSecrets = (text: string): string => connections.withoutSecrets(text);
    const made = await walkBackend(
      { daemon, remote, prefix, scratchFolder, clock, log, stop, withoutSecrets },
      (objects) => spool.add(objects),
    );
    Object.assign(requests, made);
    await rm(scratchFolder, { recursive: true, force: true });
    return await spool.finish();
  } finally {
    await daemon.stop();
  }
}
