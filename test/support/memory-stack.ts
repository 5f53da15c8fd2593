import { ManualClock } from '../../adapters/memory/clock.ts';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { MemoryObjectStore } from '../../adapters/memory/object-store.ts';
import { MemorySecrets } from '../../adapters/memory/secrets.ts';
import { MemoryWorkQueue } from '../../adapters/memory/work-queue.ts';
import type { Fleet, StatePassed } from '../../core/ports.ts';
import type { StepSettings } from '../../functions/step.ts';
import { smallSecrets } from './sample-migration.ts';

/** A fleet that does what it is told, one worker less at every look while it goes down. */
export class MemoryFleet implements Fleet {
  readonly bounds: Parameters<Fleet['setBounds']>[0][] = [];
  running = 0;
  /** Workers that do not go. */
  stubborn = 0;
  broken: Error | null = null;

  async setBounds(bounds: Parameters<Fleet['setBounds']>[0]): Promise<void> {
    if (this.broken !== null) throw this.broken;
    this.bounds.push(bounds);
  }

  async size(): Promise<{ desired: number; running: number }> {
    const desired = this.bounds.at(-1)?.desired ?? 0;
    if (this.running > Math.max(desired, this.stubborn)) this.running -= 1;
    return { desired, running: this.running };
  }
}

/** A bucket in memory that says how often it was closed. */
export class ClosableStore extends MemoryObjectStore {
  closed = 0;
  override close(): void {
    this.closed += 1;
  }
}

/** Every port of the steps in memory, with the two buckets of the sample request. */
export function memoryStack(startMs = 2_000_000) {
  const clock = new ManualClock(startMs, { selfMoving: true });
  const source = new ClosableStore(clock);
  const destination = new ClosableStore(clock);
  const stopped: string[] = [];
  const logged: [string, Record<string, unknown> | undefined][] = [];
  const states: StatePassed[] = [];
  const settings: StepSettings = {
    stallAnnounceSeconds: 600,
    stallFailSeconds: 3600,
    emptyReads: 3,
    fleetStopSeconds: 10,
    stackHolder: null,
  };
  return {
    jobStore: new MemoryJobStore(),
    queue: new MemoryWorkQueue(clock),
    secrets: new MemorySecrets(smallSecrets),
    fleet: new MemoryFleet(),
    clock,
    source,
    destination,
    /** Migrations whose listers were stopped. */
    stopped,
    listers: {
      running: 0,
      async stopAll(migration: string): Promise<number> {
        stopped.push(migration);
        const found = this.running;
        this.running = 0;
        return found;
      },
    },
    states,
    history: { states: async () => states },
    logged,
    log: (event: string, fields?: Record<string, unknown>) => void logged.push([event, fields]),
    settings,
    openStore: async ({ bucket }: { bucket: string }) => (bucket === 'media-archive' ? source : destination),
  };
}
