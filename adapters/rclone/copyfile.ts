import { type BatchFile, type BatchMessage, isRcloneLocation } from '../../core/batching/batch.ts';
import { addRequests, type RequestsBySide } from '../../core/requests-made.ts';
import { type CopyEnding, endingFor, endingOfOpening } from '../../core/transfer/copy-failure.ts';
import { readBackendError } from './backend-errors.ts';
import type { Connections } from './connections.ts';
import { copyfileParameters, patienceSeconds, type Version } from './copyfile-parameters.ts';
import type { RcloneDaemon } from './rclone-daemon.ts';
import { type RcloneError, readRcloneError } from './rclone-errors.ts';
import type { RcloneHeader } from './rclone-headers.ts';
import { requestsOfCopy, requestsOfFailure } from './rclone-requests.ts';
import { nameOfKey } from './remote-names.ts';

/** One object that is being copied; `requests` grows with every call. */
export type Attempt = {
  file: BatchFile;
  batch: BatchMessage;
  signal: AbortSignal;
  requests: RequestsBySide;
  headers: RcloneHeader[];
};

/** How a call ended, and what rclone's error meant where it was one. */
export type CallOutcome = { ending: CopyEnding; sizeBytes: number; error: RcloneError | null };

/** What calls are made with. */
export type CopyfilePorts = {
  daemon: Pick<RcloneDaemon, 'version' | 'call'>;
  connections: Connections;
  parts: { partsFromBytes: number; partBytes: number };
};

/** The ending of whatever a stopping worker cuts short. */
export const stoppedEnding: CopyEnding = { result: 'stopped', side: 'unknown', reason: 'the worker stops' };

/** Copies one version of the object by one `operations/copyfile`. Never rejects. */
export async function copyfile(
  ports: CopyfilePorts,
  attempt: Attempt,
  version: Version,
): Promise<CallOutcome> {
  const { file, batch, requests, signal } = attempt;
  const failed = (ending: CopyEnding, error: RcloneError | null = null): CallOutcome => ({
    ending,
    sizeBytes: 0,
    error,
  });
  let parameters: Record<string, unknown>;
  try {
    parameters = await parametersOf(ports, attempt, version);
  } catch (error) {
    return failed(endingOfOpening(error));
  }
  const answer = await patiently(ports, attempt, parameters);
  if (answer.outcome === 'aborted') {
    if (signal.aborted) return failed(stoppedEnding);
    const reason = `rclone had not finished after ${patienceSeconds(file.sizeBytes)} s`;
    return failed({ result: 'retry', side: 'unknown', reason });
  }
  if (answer.outcome === 'lost') return failed({ result: 'retry', side: 'unknown', reason: answer.reason });
  const shape = { ...ports.parts, ...version };
  const foreign = isRcloneLocation(batch.source);
  const error = answer.outcome === 'failed' ? errorOf(answer.error, attempt) : null;
  const made = error === null ? requestsOfCopy(shape) : requestsOfFailure(error.side, shape);
  addRequests(requests.source, foreign ? { ReadFile: 1 } : made.source);
  addRequests(requests.destination, made.destination);
  if (answer.outcome === 'failed' && error !== null) {
    return failed(endingFor(error.meaning, error.side, `${error.side}: ${answer.error}`), error);
  }
  return { ending: { result: 'copied' }, sizeBytes: version.sizeBytes, error: null };
}

function errorOf(said: string, { file, batch: { source } }: Attempt): RcloneError {
  if (!isRcloneLocation(source)) return readRcloneError(said);
  return readBackendError(said, [source.path, file.key, nameOfKey(file.key), file.to]);
}

async function parametersOf(
  { daemon, connections, parts }: CopyfilePorts,
  { file, batch, headers }: Attempt,
  version: Version,
): Promise<Record<string, unknown>> {
  const [source, destination] = await Promise.all([
    isRcloneLocation(batch.source)
      ? connections.remoteOf(batch.source).then((remote) => ({ remote, name: nameOfKey(file.key) }))
      : connections.to(batch.source),
    connections.to(batch.destination),
  ]);
  const { kmsKeyId } = batch.destination;
  const large = file.sizeBytes >= parts.partsFromBytes;
  return copyfileParameters({ file, source, destination, kmsKeyId, headers, version, large }, daemon.version);
}

/** The call under the worker's signal and a time limit. */
async function patiently(
  { daemon }: CopyfilePorts,
  { file, signal }: Attempt,
  parameters: Record<string, unknown>,
) {
  const limit = new AbortController();
  const stop = () => limit.abort();
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, patienceSeconds(file.sizeBytes) * 1000);
  try {
    return await daemon.call('operations/copyfile', parameters, limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
