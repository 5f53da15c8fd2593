import { availableParallelism, hostname } from 'node:os';
import { z } from 'zod';
import { DirectCopier } from '../../adapters/aws/direct-copier.ts';
import { MemoryGate } from '../../adapters/rclone/memory-gate.ts';
import { RcloneCopier } from '../../adapters/rclone/rclone-copier.ts';
import { RcloneDaemon } from '../../adapters/rclone/rclone-daemon.ts';
import type { BatchMessage } from '../../core/batching/batch.ts';
import { fitMachine } from '../../core/transfer/fit-machine.ts';
import { acrossFleet } from '../../core/transfer/fleet-parts/across-fleet.ts';
import { followFleet, openCeilings } from '../../core/transfer/follow-fleet.ts';
import { renewCredentials } from '../../core/transfer/renew-credentials.ts';
import { withinLimits } from '../../core/transfer/within-limits.ts';
import { workLoop } from '../../core/transfer/work-loop.ts';
import { logLines } from '../log-lines.ts';
import { memoryHere } from '../memory-here.ts';
import { watchParent } from '../parent.ts';
import { openPlace, PlaceEnvironment, readEnvironment } from '../place.ts';
import { chooseCarrier } from './choose-carrier.ts';
import { openMeter, reportMetrics } from './metrics.ts';
import { openStores } from './stores.ts';
import { type InstanceWatch, watchInstance } from './watch-instance.ts';

const Environment = PlaceEnvironment.extend({
  WORKER: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/)
    .default(`${hostname()}-${process.pid}`),
  /** The rclone binary, 1.60 or later. */
  RCLONE: z.string().min(1),
  /** util-linux's setpriv: rclone then dies with this process, even when it is killed. */
  SETPRIV: z.string().optional(),
  /** Objects being copied at once; fits the machine's cores and memory unless told. */
  FILES_IN_FLIGHT: z.coerce.number().int().min(1).optional(),
  /** Memory for this worker and its rclone, where others share the machine; all that there is unless told. */
  MEMORY_BYTES: z.coerce.number().int().min(1).optional(),
  BYTES_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .default(16 * 1024 ** 3),
  LEASE_SECONDS: z.coerce.number().int().min(2).max(43_200).default(300),
  POLL_SECONDS: z.coerce.number().int().min(0).max(20).default(20),
  MAX_ATTEMPTS: z.coerce.number().int().min(1).default(6),
  RETRY_BASE_SECONDS: z.coerce.number().min(0).default(10),
  /** Between two looks at rclone's health; three without an answer end it. */
  RCLONE_HEALTH_SECONDS: z.coerce.number().positive().default(10),
  /** Objects up to this size are copied without rclone; see docs/decisions/0016. */
  DIRECT_UP_TO_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(128 * 1024),
  /** Objects above this size are copied in parts by the whole fleet. */
  FLEET_PARTS_FROM_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(16 * 1024 ** 3),
  /** Least size of such a part; Amazon S3 takes 5 MiB to 5 GiB. */
  FLEET_PART_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(64 * 1024 ** 2),
  /** Bytes of such an object that one message stands for, about. */
  FLEET_RUN_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(2 * 1024 ** 3),
  /** Seconds that work in hand may take after SIGTERM before it is given back. */
  DRAIN_SECONDS: z.coerce.number().min(0).default(90),
  /** The deployed stage; with it the worker logs metrics. */
  STAGE: z.string().min(1).optional(),
  /** Set on an EC2 instance: the worker then watches over it. See open-instance.ts. */
  INSTANCE_METADATA: z.string().optional(),
});

/**
 * Copies batches until it is told to stop. SIGTERM, a Spot notice, or the end of the instance: receives no more,
 * finishes what can be finished in time, gives the rest back, exits 0. A second signal gives everything back at once.
 */
async function main(): Promise<number> {
  const environment = readEnvironment(Environment, process.env);
  // As many as files can be in flight at most.
  const place = openPlace(environment, { maxSockets: 512 });
  const { clock } = place;
  const meter = openMeter(place.log);
  const { log } = meter;
  const { filesInFlight, partsMemoryBytes, rcloneMemoryBytes } = fitMachine({
    cores: availableParallelism(),
    memoryBytes: environment.MEMORY_BYTES ?? memoryHere(),
    filesInFlight: environment.FILES_IN_FLIGHT,
  });
  const drain = new AbortController();
  const halt = new AbortController();
  const stop = (): void => {
    if (drain.signal.aborted) halt.abort();
    drain.abort();
    void clock.sleep(environment.DRAIN_SECONDS * 1000).then(() => halt.abort());
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  watchParent(() => {
    drain.abort();
    halt.abort();
  });

  const worker = `${environment.WORKER}-${clock.nowMs().toString(36)}`;
  const stores = openStores(place.openStore);
  // Stores count their requests, so each copier has its own.
  const besideRclone = openStores(place.openStore);
  const ofParts = openStores(place.openStore);
  const storesFor = (batch: BatchMessage) => stores.of(batch);
  const daemon = await RcloneDaemon.start({
    rclone: environment.RCLONE,
    setpriv: environment.SETPRIV ?? null,
    environment: process.env,
    clock,
    log,
    limits: { requestsPerSecond: null, bandwidthBytesPerSecond: null },
    healthSeconds: environment.RCLONE_HEALTH_SECONDS,
    memoryBytes: rcloneMemoryBytes,
  });
  const memory = new MemoryGate(partsMemoryBytes);
  const rclone = new RcloneCopier({
    daemon,
    memory,
    secrets: place.secrets,
    log,
    sourceStore: async (batch) => (await besideRclone.of(batch)).source,
  });
  const direct = new DirectCopier({ storesFor, clock });
  const retries = { maxAttempts: environment.MAX_ATTEMPTS, retryBaseSeconds: environment.RETRY_BASE_SECONDS };
  const fleetPartsFromBytes = environment.FLEET_PARTS_FROM_BYTES;
  const ceilings = openCeilings({ ...place, log });
  const carrier = chooseCarrier(rclone, direct, environment.DIRECT_UP_TO_BYTES);
  const shared = acrossFleet(followFleet(carrier, ceilings), {
    ...place,
    log,
    memory,
    storesFor: (batch) => ofParts.of(batch),
    settings: {
      ...retries,
      fleetPartsFromBytes,
      leastPartBytes: environment.FLEET_PART_BYTES,
      runBytes: environment.FLEET_RUN_BYTES,
    },
  });
  const limited = withinLimits(shared, { clock, ceilings, fromBytes: fleetPartsFromBytes });
  const copier = renewCredentials(limited, async () => {
    log('secrets-read-again');
    rclone.reloadCredentials();
    stores.reload();
    besideRclone.reload();
    ofParts.reload();
  });
  const metrics =
    environment.STAGE === undefined ? null : reportMetrics(environment.STAGE, meter, { clock, log });
  let watch: InstanceWatch | null = null;
  if (environment.INSTANCE_METADATA !== undefined) {
    // Loaded where it is needed: a machine that is no instance has no use for the SDK's client.
    const { openInstance } = await import('./open-instance.ts');
    watch = watchInstance({
      ...(await openInstance(process.env, clock)),
      clock,
      log,
      filesInFlight: meter.filesInFlight,
      drain: () => drain.abort(),
      halt: () => halt.abort(),
    });
  }
  log('worker-started', { worker, filesInFlight, partsMemoryBytes, rcloneMemoryBytes });
  await workLoop({
    ...place,
    log,
    copier: meter.counting(copier),
    drain: drain.signal,
    halt: halt.signal,
    settings: {
      worker,
      filesInFlight,
      bytesInFlight: environment.BYTES_IN_FLIGHT,
      // Two full gatherings that are being settled, and what is being copied where each message holds one file.
      messagesHeld: 100 + 2 * filesInFlight,
      leaseSeconds: environment.LEASE_SECONDS,
      pollSeconds: environment.POLL_SECONDS,
      ...retries,
      fleetPartsFromBytes,
    },
  });
  await daemon.stop();
  await metrics?.close();
  log('worker-stopped', { worker, queueRequests: place.queue.requestsMade() });
  await watch?.leave();
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  logLines('worker-broken', {
    reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  process.exit(1);
}
