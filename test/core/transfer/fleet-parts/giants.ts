import { DirectCopier } from '../../../../adapters/aws/direct-copier.ts';
import { MemoryObjectStore } from '../../../../adapters/memory/object-store.ts';
import type { BatchFile, BatchMessage } from '../../../../core/batching/batch.ts';
import { jobLayout } from '../../../../core/job-layout.ts';
import { encodeJson } from '../../../../core/json-lines.ts';
import { batchEnvelope } from '../../../../core/migration.ts';
import type { JobStore, ObjectStore, WorkQueue } from '../../../../core/ports.ts';
import { acrossFleet } from '../../../../core/transfer/fleet-parts/across-fleet.ts';
import type { PartMemory } from '../../../../core/transfer/fleet-parts/part-work.ts';
import type { OutcomeRow } from '../../../../core/transfer/outcome.ts';
import { cleanUp } from '../../../../functions/clean-up.ts';
import { perform } from '../../../../functions/step.ts';
import { allOf } from '../../../support/all-of.ts';
import type { Fuse } from '../../../support/fuse.ts';
import { putText, replacing, textsOf } from '../../../support/memory-buckets.ts';
import { MemoryFleet } from '../../../support/memory-stack.ts';
import { outcomeLog } from '../../../support/outcome-log.ts';
import { address, rowOf, samplePlan, storeInventory } from '../../../support/sample-migration.ts';
import { Workplace } from '../working.ts';

/** Objects above 10 bytes go in parts of 3 bytes, two of them a message. */
export const cut = { fleetPartsFromBytes: 10, leastPartBytes: 3, runBytes: 7 };
export const attempts = { maxAttempts: 3, retryBaseSeconds: 10 };

/** Two buckets in memory and workers of a fleet that shares large objects. */
export class Giants extends Workplace {
  readonly source = new MemoryObjectStore(this.clock);
  readonly destination = new MemoryObjectStore(this.clock);

  /** Writes objects at the source and queues each as a message of its own, as the lister would; they go to `in/`. */
  async list(texts: Record<string, string>, changes: Partial<BatchMessage> = {}): Promise<void> {
    const plan = samplePlan({
      createdAtMs: 0,
      request: { destination: { bucket: 'archive', prefix: 'in/' } },
    });
    const rows = Object.entries(texts).map(([key, text]) => rowOf(key, text));
    await this.jobStore.write(jobLayout.plan(address.folder), encodeJson(plan));
    await storeInventory(this.jobStore, [rows]);
    for (const [key, text] of Object.entries(texts)) await putText(this.source, key, text);
    await this.send(
      ...rows.map(({ key, sizeBytes, etag, modifiedAtMs }, index): BatchMessage => {
        const file: BatchFile = { key, to: `in/${key}`, sizeBytes, etag, modifiedAtMs, storageClass: null };
        const batch = `0000-${index}`;
        return { ...batchEnvelope(plan), batch, shard: '0000', attempt: 1, files: [file], ...changes };
      }),
    );
  }

  /** A worker; with a fuse it dies at that effect. Ports may be seen through something else. */
  hire(
    worker: string,
    fuse: Fuse | null = null,
    ports: { queue?: WorkQueue; source?: ObjectStore; destination?: ObjectStore; memory?: PartMemory } = {},
  ) {
    const through: Wrap = (port, effects) => fuse?.wrap(port, effects) ?? port;
    const queue = through(ports.queue ?? this.queue, ['send', 'receive', 'extend', 'release', 'delete']);
    const jobStore: JobStore = through(this.jobStore, ['write', 'read']);
    const source = through(ports.source ?? this.source, ['get']);
    const given = ports.destination ?? this.destination;
    const parts = through(given.parts ?? this.destination.parts, ['begin', 'write', 'complete']);
    const destination = replacing(through(given, ['put', 'abortUpload', 'head']), { parts });
    const storesFor = async () => ({ source, destination });
    const copier = acrossFleet(new DirectCopier({ storesFor, clock: this.clock }), {
      jobStore,
      queue,
      clock: this.clock,
      log: (event, fields = {}) => this.logged.push({ event, atMs: this.clock.nowMs(), fields }),
      memory: ports.memory ?? { enter: async () => () => undefined },
      storesFor,
      settings: { ...cut, ...attempts },
    });
    const settings = { worker, ...attempts, fleetPartsFromBytes: cut.fleetPartsFromBytes };
    return this.start(copier, { ...settings, messagesHeld: 2, filesInFlight: 2 }, { queue, jobStore });
  }

  async rows(): Promise<OutcomeRow[]> {
    return (await outcomeLog(this.jobStore, address.folder)).rows;
  }

  /** How often each way of ending was put on record for a key. */
  async endings(key: string): Promise<Partial<Record<OutcomeRow['outcome'], number>>> {
    const rows = (await this.rows()).filter((row) => row.key === key);
    return Object.fromEntries(
      [...Map.groupBy(rows, ({ outcome }) => outcome)].map(([a, b]) => [a, b.length]),
    );
  }

  /** What the destination holds, by the key at the source. */
  async arrived(): Promise<Record<string, string>> {
    const texts = Object.entries(await textsOf(this.destination));
    return Object.fromEntries(texts.map(([key, text]) => [key.replace(/^in\//, ''), text]));
  }

  /** Keys of uploads that were begun and not ended. */
  async unfinished(): Promise<string[]> {
    return (await allOf(this.destination.unfinishedUploads(''))).map(({ key }) => key);
  }

  /** Runs the state Clean up. */
  async cleanUp(): Promise<void> {
    const settings = {
      stallAnnounceSeconds: 1,
      stallFailSeconds: 1,
      emptyReads: 1,
      fleetStopSeconds: 1,
      stackHolder: null,
    };
    await perform(cleanUp, address, {
      jobStore: this.jobStore,
      fleet: new MemoryFleet(),
      listers: { stopAll: async () => 0 },
      clock: this.clock,
      log: () => undefined,
      openStore: async () => this.destination,
      settings,
    });
  }
}

type Wrap = <Port extends object>(port: Port, effects: readonly (keyof Port & string)[]) => Port;
