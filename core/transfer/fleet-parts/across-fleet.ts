import type { BatchMessage } from '../../batching/batch.ts';
import type { Copier, ObjectStore } from '../../ports.ts';
import { type CopyEnding, endingOf, endingOfOpening } from '../copy-failure.ts';
import type { CopyResult } from '../copy-result.ts';
import { openNewRequests } from '../new-requests.ts';
import { copyRun } from './copy-run.ts';
import { type PartWork, SideFailure } from './part-work.ts';
import { splitObject } from './split-object.ts';
import { isSplittable } from './splittable.ts';
import { readUpload } from './upload-record.ts';

/** What the copier works with; the settings are those of the worker. */
export type AcrossFleetOptions = Pick<
  PartWork,
  'jobStore' | 'queue' | 'clock' | 'log' | 'memory' | 'settings'
> & {
  /** The stores of a batch, of which the destination takes uploads step by step; nobody else counts their requests. */
  storesFor(batch: BatchMessage): Promise<{ source: ObjectStore; destination: ObjectStore }>;
};

/**
 * A copier that splits objects above `fleetPartsFromBytes` into part messages for the whole fleet and works those
 * messages; everything else goes to `copier`. The object arrives once, whole and in one version, or not at all.
 */
export function acrossFleet(copier: Copier, options: AcrossFleetOptions): Copier {
  const counter = openNewRequests();
  return {
    async copy(file, batch, signal) {
      const { run } = batch;
      const isGiant = file.sizeBytes > options.settings.fleetPartsFromBytes && isSplittable(batch);
      if (run === undefined && !isGiant) return copier.copy(file, batch, signal);
      const requests = { source: {}, destination: {} };
      let stores: Awaited<ReturnType<AcrossFleetOptions['storesFor']>>;
      try {
        stores = await options.storesFor(batch);
      } catch (error) {
        return { carrier: 'direct', requests, sizeBytes: 0, ...endingOfOpening(error) };
      }
      const uploads = stores.destination.parts;
      if (uploads === undefined) return copier.copy(file, batch, signal);
      counter.open(stores.source);
      counter.open(stores.destination);
      const work: PartWork = { ...options, ...stores, uploads, file, batch, signal };
      const ending = await (run === undefined ? splitObject(work) : copyRun(work, run)).catch(
        (error: unknown) => afterFailure(error, signal),
      );
      if (ending === null) return copier.copy(file, batch, signal);
      const sizeBytes = ending.result === 'copied' ? await sizeOf(work) : 0;
      const made = { source: counter.take(stores.source), destination: counter.take(stores.destination) };
      return { carrier: 'direct', requests: made, sizeBytes, ...ending } satisfies CopyResult;
    },
  };
}

function afterFailure(error: unknown, signal: AbortSignal): CopyEnding {
  if (signal.aborted) return { result: 'stopped', side: 'unknown', reason: 'the worker stops' };
  if (error instanceof SideFailure) return endingOf(error.of, error.side);
  const reason = error instanceof Error ? error.message : String(error);
  return { result: 'retry', side: 'unknown', reason };
}

/** Size of the version that was copied, which need not be the listed one. */
async function sizeOf({ jobStore, batch, file }: PartWork): Promise<number> {
  const found = await readUpload(jobStore, batch.folder, file.to).catch(() => null);
  return found?.record.sizeBytes ?? file.sizeBytes;
}
