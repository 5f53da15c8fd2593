import type { BatchMessage } from '../batching/batch.ts';
import { jobLayout } from '../job-layout.ts';
import { decodeJson } from '../json-lines.ts';
import type { Clock, Copier, JobStore, Log } from '../ports.ts';
import { FleetCount, type Hearing, hear, hearEveryMs, shareOf } from '../scaling/fleet-share.ts';

/**
 * A copier whose batches carry the share of the migration's ceilings that is this worker's now, instead of one part in
 * `fleet.maxWorkers`. How many workers there are it reads from the job store, once a minute at most and only where there is a
 * ceiling; where it cannot, it takes the least.
 */
export function followFleet(
  copier: Copier,
  { jobStore, clock, log }: { jobStore: JobStore; clock: Clock; log: Log },
): Copier {
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

  return {
    async copy(file, batch, signal) {
      const { workers, requestsPerSecond, bandwidthBytesPerSecond } = batch.limits;
      if (workers === undefined || (requestsPerSecond === null && bandwidthBytesPerSecond === null))
        return copier.copy(file, batch, signal);
      await keepHearing(batch.folder);
      const hearing = heard.get(batch.folder) ?? null;
      const share = shareOf(hearing, { startedAtMs, maxWorkers: workers, nowMs: clock.nowMs() });
      return copier.copy(file, { ...batch, limits: scaled(batch.limits, share * workers) }, signal);
    },
  };
}

function scaled(
  { requestsPerSecond, bandwidthBytesPerSecond }: BatchMessage['limits'],
  times: number,
): BatchMessage['limits'] {
  return {
    requestsPerSecond: requestsPerSecond === null ? null : requestsPerSecond * times,
    bandwidthBytesPerSecond:
      bandwidthBytesPerSecond === null ? null : Math.max(1, Math.floor(bandwidthBytesPerSecond * times)),
  };
}
