import { z } from 'zod';
import type { Clock, Copier, Log } from '../../core/ports.ts';

/** What a worker did in one interval, and what it does at its end. */
export type Interval = {
  objectsCopied: number;
  bytesCopied: number;
  objectsFailed: number;
  throttled: number;
  filesInFlight: number;
};

/** Name and unit of each metric, in CloudWatch's words. */
const metrics = [
  { Name: 'ObjectsCopied', Unit: 'Count', of: 'objectsCopied' },
  { Name: 'BytesCopied', Unit: 'Bytes', of: 'bytesCopied' },
  { Name: 'ObjectsFailed', Unit: 'Count', of: 'objectsFailed' },
  { Name: 'Throttled', Unit: 'Count', of: 'throttled' },
  { Name: 'FilesInFlight', Unit: 'Count', of: 'filesInFlight' },
] as const satisfies readonly { Name: string; Unit: string; of: keyof Interval }[];

/**
 * The fields of a log line in CloudWatch's embedded metric format: namespace Drover, dimension Stage. All workers of a
 * stage write the same metrics, so that their sum is the fleet's. [src: CloudWatch, Embedded metric format specification]
 */
export function metricFields(stage: string, nowMs: number, interval: Interval): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: 'Drover',
          Dimensions: [['Stage']],
          Metrics: metrics.map(({ Name, Unit }) => ({ Name, Unit })),
        },
      ],
    },
    Stage: stage,
    ...Object.fromEntries(metrics.map(({ Name, of }) => [Name, interval[of]])),
  };
}

/** What the work loop logs when outcomes are on record: totals since the worker's start. */
const Settled = z.object({
  copied: z.object({ objects: z.number(), bytes: z.number() }),
  exceptions: z.number(),
});

/** Counts what a worker does, by listening to its log and to its copier. */
export type Meter = {
  /** The log that counts; it hands everything on. */
  log: Log;
  /** The copier that counts; it hands everything on. */
  counting(copier: Copier): Copier;
  /** Objects that are being copied just now. */
  filesInFlight(): number;
  /** What was counted since the last call. */
  take(): Interval;
};

/** Opens a meter in front of a log. */
export function openMeter(log: Log): Meter {
  const start = { objects: 0, bytes: 0, exceptions: 0 };
  let total = start;
  let taken = start;
  let throttled = 0;
  let inFlight = 0;
  return {
    log(event, fields) {
      const settled = event === 'settled' ? Settled.safeParse(fields) : null;
      if (settled?.success === true) total = { ...settled.data.copied, exceptions: settled.data.exceptions };
      log(event, fields);
    },
    counting: (copier) => ({
      async copy(file, batch, signal) {
        inFlight += 1;
        try {
          const result = await copier.copy(file, batch, signal);
          if (result.result === 'throttled') throttled += 1;
          return result;
        } finally {
          inFlight -= 1;
        }
      },
    }),
    filesInFlight: () => inFlight,
    take() {
      const interval = {
        objectsCopied: total.objects - taken.objects,
        bytesCopied: total.bytes - taken.bytes,
        objectsFailed: total.exceptions - taken.exceptions,
        throttled,
        filesInFlight: inFlight,
      };
      taken = total;
      throttled = 0;
      return interval;
    },
  };
}

const intervalMs = 60_000;

/**
 * Logs the metrics of a stage once a minute, and of the rest when it is closed. A worker that copies nothing
 * says so too: its silence would mean that it does not live.
 */
export function reportMetrics(
  stage: string,
  meter: Pick<Meter, 'take'>,
  { clock, log }: { clock: Clock; log: Log },
): { close(): Promise<void> } {
  const closed = new AbortController();
  const running = (async () => {
    do {
      await clock.sleep(intervalMs, closed.signal);
      log('metrics', metricFields(stage, clock.nowMs(), meter.take()));
    } while (!closed.signal.aborted);
  })();
  return {
    async close() {
      closed.abort();
      await running;
    },
  };
}
