import { isRcloneLocation } from '../batching/batch.ts';
import type { Listing } from '../inventory/checkpoint.ts';
import { destinationLocation, type MigrationPlan, sourceLocation } from '../migration.ts';
import type { StatePassed } from '../ports.ts';
import { addRequests, type RequestsBySide } from '../requests-made.ts';
import { noObjects } from '../transfer/outcome.ts';
import type { ThroughputBucket } from '../transfer/throughput.ts';
import type { Verdict } from '../verification/verdict.ts';
import type { Report, ReportedException } from './report.ts';

/** Everything a report is made of; null = the migration did not come that far. */
export type Evidence = {
  migration: string;
  startedAtMs: number;
  nowMs: number;
  plan: MigrationPlan | null;
  listing: Listing | null;
  verdict: Verdict | null;
  error: { name: string; message: string } | null;
  exceptions: ReportedException[];
  exceptionsFile: string | null;
  totals: { requests: RequestsBySide; throughput: readonly ThroughputBucket[] };
  states: readonly StatePassed[];
};

/**
 * Puts the report together. The status is `SUCCEEDED` only when nothing failed and the verdict holds no exception
 * and no open repair; outcomes are the verdict's, or empty when there is none.
 */
export function buildReport(evidence: Evidence): Report {
  const { plan, listing, verdict, error, startedAtMs, nowMs } = evidence;
  const requests: RequestsBySide = { source: {}, destination: {} };
  for (const part of [plan?.requests, listing?.requests, evidence.totals.requests, verdict?.requests]) {
    addRequests(requests.source, part?.source ?? {});
    addRequests(requests.destination, part?.destination ?? {});
  }
  const clean =
    verdict !== null && verdict.outcomes.exception.objects === 0 && verdict.outcomes.repair.objects === 0;
  return {
    migration: evidence.migration,
    status: error !== null || verdict === null ? 'FAILED' : clean ? 'SUCCEEDED' : 'FINISHED_WITH_EXCEPTIONS',
    error: failureOf(evidence),
    source: plan === null ? null : sourceOf(plan),
    destination: plan === null ? null : destinationOf(plan),
    listed: listing?.listed ?? noObjects(),
    outcomes: {
      copied: verdict?.outcomes.copied ?? noObjects(),
      unchanged: verdict?.outcomes.unchanged ?? noObjects(),
      excluded: verdict?.outcomes.excluded ?? noObjects(),
      exception: verdict?.outcomes.exception ?? noObjects(),
    },
    exceptionKinds: { ...verdict?.exceptionKinds },
    exceptions: evidence.exceptions,
    exceptionsFile: evidence.exceptionsFile,
    verification: {
      rounds: verdict?.rounds ?? 0,
      verified:
        verdict === null ? 0 : verdict.provenByChecksum + verdict.provenBySize + verdict.provenByContent,
      provenByChecksum: verdict?.provenByChecksum ?? 0,
      provenBySize: verdict?.provenBySize ?? 0,
      provenByContent: verdict?.provenByContent ?? 0,
      kept: verdict?.kept ?? 0,
      missing: verdict?.missing ?? 0,
      different: verdict?.different ?? 0,
      extra: verdict?.extra ?? 0,
      repaired: verdict?.repaired ?? 0,
    },
    requests,
    throughput: evidence.totals.throughput.map(({ startMs, widthMs, objects, bytes }) => ({
      startedAt: iso(startMs),
      seconds: widthMs / 1000,
      objects,
      bytes,
    })),
    states: evidence.states.map(({ name, startedAtMs: at, endedAtMs }) => ({
      name,
      startedAt: iso(at),
      seconds: Math.max(0, (endedAtMs ?? nowMs) - at) / 1000,
    })),
    startedAt: iso(startedAtMs),
    finishedAt: iso(nowMs),
    seconds: Math.max(0, nowMs - startedAtMs) / 1000,
  };
}

/** The error and the state it came from: the last one that failed before the cleaning up. */
function failureOf({ error, verdict, states }: Evidence): Report['error'] {
  const failure =
    error ??
    (verdict === null
      ? { name: 'ListingFailed', message: 'the migration ended without a verification' }
      : null);
  const state = states.findLast(({ failed, name }) => failed && name !== 'Clean up')?.name;
  return failure === null || state === undefined ? failure : { ...failure, state };
}

function sourceOf({ request }: MigrationPlan): Report['source'] {
  const location = sourceLocation(request);
  const { prefix } = request.source;
  if (isRcloneLocation(location))
    return { bucket: `${location.backend}:${location.path}`, prefix, provider: 'rclone', endpoint: null };
  const { bucket, provider, endpoint } = location;
  return { bucket, prefix, provider, endpoint };
}

function destinationOf({ request }: MigrationPlan): Report['destination'] {
  const { bucket, region, endpoint } = destinationLocation(request);
  return {
    bucket,
    prefix: request.destination.prefix,
    region,
    endpoint,
    storageClass: request.destination.storageClass,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
