import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { Copier, Log, Secrets } from '../../core/ports.ts';
import { addRequests, type RequestsBySide } from '../../core/requests-made.ts';
import type { CopyResult } from '../../core/transfer/copy-result.ts';
import { type CopyEnding, endingOfOpening, exception } from '../aws/copy-failure.ts';
import { Connections } from './connections.ts';
import { copyfileParameters, patienceSeconds } from './copyfile-parameters.ts';
import type { RcloneDaemon } from './rclone-daemon.ts';
import { endingOf, readRcloneError } from './rclone-errors.ts';
import { partBytes, partsFromBytes } from './rclone-flags.ts';
import { type RcloneHeader, uploadHeaders } from './rclone-headers.ts';
import type { Reading } from './rclone-remote.ts';
import { requestsOfCopy, requestsOfFailure } from './rclone-requests.ts';
import { isAtLeast } from './rclone-version.ts';
import { askSource, goneEnding, looksAsListed, type SourceStoreOf, tagsOf } from './source-version.ts';

/** What the copier works with. */
export type RcloneCopierPorts = {
  daemon: Pick<RcloneDaemon, 'version' | 'call' | 'limitTo'>;
  secrets: Secrets;
  /** The source of a batch, for what rclone does not tell. */
  sourceStore: SourceStoreOf;
  log: Log;
  /** As given to the daemon, where a test gave it others. */
  partsFromBytes?: number;
  partBytes?: number;
};

/** One copy, while it is being made. */
type Attempt = {
  file: BatchFile;
  batch: BatchMessage;
  signal: AbortSignal;
  requests: RequestsBySide;
  headers: RcloneHeader[];
};

/** Which version to read, and how. */
type Version = { reading: Reading; etag: string | null; sizeBytes: number };

type Ending = Exclude<CopyEnding, { result: 'copied' }> | { result: 'copied'; sizeBytes: number };

const stopped: Ending = { result: 'stopped', side: 'unknown', reason: 'the worker stops' };

/**
 * Moves objects by one synchronous `operations/copyfile` each: small ones with a GET and a PUT, large ones
 * in parts, on rclone 1.64 and newer with parallel ranged GETs. What arrives is one version of the object,
 * never a mixture: the listed one, or the one that has replaced it since. Only keys for which `carrierFor`
 * says `rclone` may be given to it.
 */
export class RcloneCopier implements Copier {
  readonly #ports: RcloneCopierPorts;
  readonly #connections: Connections;
  readonly #parts: { partsFromBytes: number; partBytes: number };
  /** Sources whose If-Match disagrees with their own listing. */
  readonly #withoutIfMatch = new Set<string>();

  constructor(ports: RcloneCopierPorts) {
    this.#ports = ports;
    this.#connections = new Connections(ports.secrets);
    this.#parts = {
      partsFromBytes: ports.partsFromBytes ?? partsFromBytes,
      partBytes: ports.partBytes ?? partBytes,
    };
  }

  /** Makes the next copies read their secrets anew, past any cache: they may have been rotated. */
  reloadCredentials(): void {
    this.#connections.reload();
  }

  async copy(file: BatchFile, batch: BatchMessage, signal: AbortSignal): Promise<CopyResult> {
    const requests: RequestsBySide = { source: {}, destination: {} };
    const ending = await this.#copy({ file, batch, signal, requests, headers: [] });
    if (ending.result === 'copied') return { carrier: 'rclone', requests, ...ending };
    const reason = this.#connections.withoutSecrets(ending.reason);
    return { carrier: 'rclone', requests, sizeBytes: 0, ...ending, reason };
  }

  async #copy(attempt: Attempt): Promise<Ending> {
    const { file, batch, signal } = attempt;
    if (signal.aborted) return stopped;
    await this.#ports.daemon.limitTo(batch.limits);
    const tags = await this.#tags(attempt);
    if ('ending' in tags) return failed(tags.ending);
    const headers = uploadHeaders(file, tags.answer);
    if (typeof headers === 'string') return failed(exception('unrepresentable', headers));
    const large = file.sizeBytes >= this.#parts.partsFromBytes;
    const inRanges = large && isAtLeast(this.#ports.daemon.version, 1, 64);
    return inRanges
      ? this.#copyInRanges({ ...attempt, headers })
      : this.#copyAsStream({ ...attempt, headers });
  }

  async #tags({ file, batch, requests }: Attempt) {
    if (batch.objectTags === 'ignore') return { answer: file.tags ?? {} };
    addRequests(requests.source, { GetObjectTagging: 1 });
    return askSource(this.#ports.sourceStore, batch, async (store) => ({
      ...(await tagsOf(store, file.key)),
      ...file.tags,
    }));
  }

  #head({ file, batch, requests }: Attempt) {
    addRequests(requests.source, { HeadObject: 1 });
    return askSource(this.#ports.sourceStore, batch, (store) => store.head(file.key));
  }

  /**
   * One GET, which asks for the listed version. Where that is refused or nothing is found, a HEAD tells
   * what there is now: rclone's word alone is not enough to give up a key.
   */
  async #copyAsStream(attempt: Attempt): Promise<Ending> {
    const { file, batch } = attempt;
    const source = JSON.stringify(batch.source);
    const listed: Version = { reading: 'stream', etag: file.etag, sizeBytes: file.sizeBytes };
    if (this.#withoutIfMatch.has(source)) listed.etag = null;
    const ending = await this.#call(attempt, listed);
    if (ending.result !== 'exception') return ending;
    if (ending.kind !== 'source-missing' && ending.kind !== 'source-changed') return ending;
    const head = await this.#head(attempt);
    if ('ending' in head) return failed(head.ending);
    const now = head.answer;
    if (now === null) return failed(goneEnding);
    if (ending.kind === 'source-missing') {
      const reason = `source: the object is there, but rclone says: ${ending.reason}`;
      return { result: 'retry', side: 'source', reason };
    }
    const misread = looksAsListed(now, file);
    if (misread) {
      this.#ports.log('if-match-misread', { bucket: batch.source.bucket, etag: file.etag, now: now.etag });
      this.#withoutIfMatch.add(source);
    }
    const present: Version = { ...listed, etag: misread ? null : now.etag, sizeBytes: now.sizeBytes };
    return asRetry(await this.#call(attempt, present));
  }

  /**
   * Parallel GETs, which cannot ask for a version: it is looked at before and after. An object that was
   * overwritten meanwhile may have arrived mixed, and is copied once more in one piece.
   */
  async #copyInRanges(attempt: Attempt): Promise<Ending> {
    const before = await this.#head(attempt);
    // A refused HEAD does not say why; the answer to a GET does.
    if ('ending' in before) return this.#copyAsStream(attempt);
    if (before.answer === null) return failed(goneEnding);
    const { etag, sizeBytes, modifiedAtMs } = before.answer;
    const ending = await this.#call(attempt, { reading: 'ranges', etag, sizeBytes });
    if (ending.result !== 'copied') return ending;
    const after = await this.#head(attempt);
    if ('ending' in after) return failed(after.ending);
    const now = after.answer;
    if (now === null) return ending;
    if (now.etag === etag && now.sizeBytes === sizeBytes && now.modifiedAtMs === modifiedAtMs) return ending;
    return asRetry(
      await this.#call(attempt, { reading: 'stream', etag: now.etag, sizeBytes: now.sizeBytes }),
    );
  }

  async #call(attempt: Attempt, version: Version): Promise<Ending> {
    const { file, requests } = attempt;
    const prepared = await this.#parameters(attempt, version);
    if ('ending' in prepared) return failed(prepared.ending);
    const answer = await this.#patiently(attempt, prepared.parameters);
    const shape = { ...this.#parts, ...version };
    if (answer.outcome === 'aborted') {
      const reason = `rclone had not finished after ${patienceSeconds(file.sizeBytes)} s`;
      return attempt.signal.aborted ? stopped : { result: 'retry', side: 'unknown', reason };
    }
    if (answer.outcome === 'lost') return { result: 'retry', side: 'unknown', reason: answer.reason };
    const error = answer.outcome === 'failed' ? readRcloneError(answer.error) : null;
    const made = error === null ? requestsOfCopy(shape) : requestsOfFailure(error.side, shape);
    addRequests(requests.source, made.source);
    addRequests(requests.destination, made.destination);
    if (answer.outcome === 'done' || error === null)
      return { result: 'copied', sizeBytes: version.sizeBytes };
    return failed(endingOf(error, `${error.side}: ${answer.error}`));
  }

  /** The call under the worker's signal and a time limit. */
  async #patiently({ file, signal }: Attempt, parameters: Record<string, unknown>) {
    const limit = new AbortController();
    const stop = () => limit.abort();
    signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(stop, patienceSeconds(file.sizeBytes) * 1000);
    try {
      return await this.#ports.daemon.call('operations/copyfile', parameters, limit.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  async #parameters(
    { file, batch, headers }: Attempt,
    { reading, etag }: Version,
  ): Promise<{ parameters: Record<string, unknown> } | { ending: CopyEnding }> {
    try {
      const [source, destination] = await Promise.all([
        this.#connections.to(batch.source),
        this.#connections.to(batch.destination),
      ]);
      const { kmsKeyId } = batch.destination;
      const large = file.sizeBytes >= this.#parts.partsFromBytes;
      const call = { file, source, destination, kmsKeyId, headers, reading, etag, large };
      return { parameters: copyfileParameters(call, this.#ports.daemon.version) };
    } catch (error) {
      return { ending: endingOfOpening(error) };
    }
  }
}

/** An ending that is known to be none of success. */
function failed(ending: CopyEnding): Ending {
  return ending.result === 'copied' ? { ...ending, sizeBytes: 0 } : ending;
}

/** An object that changes from one request to the next may be quiet later. */
function asRetry(ending: Ending): Ending {
  if (ending.result !== 'exception' || ending.kind !== 'source-changed') return ending;
  return { result: 'retry', side: 'source', reason: ending.reason };
}
