import type { BatchMessage } from '../batching/batch.ts';
import { jobLayout } from '../job-layout.ts';
import { decodeJson } from '../json-lines.ts';
import type { Clock, Copier, JobStore, Log } from '../ports.ts';
import { FleetCount, type Hearing, hear, hearEveryMs, shareOf } from '../scaling/fleet-share.ts';

type Limits = BatchMessage['limits'];

/** What a worker may take now of the ceilings of a batch's migration. */
export type CeilingsNow = (batch: BatchMessage) => Promise<Limits>;

/**
 * Opens the ceilings of one worker: the share that is its own now, instead of one part in `fleet.maxWorkers`. How many
 * workers there are it reads from the job store, once a minute at most and only where there is a ceiling; where it
 * cannot, it takes the least.
 */
export function openCeilings({
  jobStore,
  clock,
  log,
}: {
  jobStore: JobStore;
  clock: Clock;
  log: Log;
}): CeilingsNow {
  const startedAtMs = clock.nowMs();
  const heard = new Map<string, Hearing>();
  const listening = new Map<string, { sinceMs: number; done: Promise<void> }>();

  async function listen(folder: string): Promise<void> {
    try {
      const file = await jobStore.read(jobLayout.fleetCount(folder));
      const count = file === null ? null : decodeJson(file.bytes, FleetCount);
      const nowMs = clock.nowMs();
      heard.set(folder, hear(heard.get(folder) ?? null, count, { startedAtMs, nowMs }));
    } catch (error) {
      log('fleet-unheard', { reason: String(error) });
    }
  }

  /** Reads the count where the last reading is a minute old. Only the first one is waited for. */
  async function keepHearing(folder: string): Promise<void> {
    const last = listening.get(folder);
    if (last !== undefined && clock.nowMs() - last.sinceMs < hearEveryMs) return last.done;
    const done = listen(folder);
    listening.set(folder, { sinceMs: clock.nowMs(), done: heard.has(folder) ? Promise.resolve() : done });
    if (!heard.has(folder)) await done;
  }

  return async ({ limits, folder }) => {
    const { workers, requestsPerSecond, bandwidthBytesPerSecond } = limits;
    if (workers === undefined || (requestsPerSecond === null && bandwidthBytesPerSecond === null))
      return limits;
    await keepHearing(folder);
    const hearing = heard.get(folder) ?? null;
    const share = shareOf(hearing, { startedAtMs, maxWorkers: workers, nowMs: clock.nowMs() });
    return scaled(limits, share * workers);
  };
}

/** A copier whose batches carry what `ceilings` says, for whoever has limits of its own, as rclone has. */
export function followFleet(copier: Copier, ceilings: CeilingsNow): Copier {
  return {
    async copy(file, batch, signal) {
      const limits = await ceilings(batch);
      return copier.copy(file, limits === batch.limits ? batch : { ...batch, limits }, signal);
    },
  };
}

function scaled({ requestsPerSecond, bandwidthBytesPerSecond }: Limits, times: number): Limits {
  return {
    requestsPerSecond: requestsPerSecond === null ? null : requestsPerSecond * times,
    bandwidthBytesPerSecond:
      bandwidthBytesPerSecond === null ? null : Math.max(1, Math.floor(bandwidthBytesPerSecond * times)),
  };
}
