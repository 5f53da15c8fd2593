import { type BatchFile, type BatchMessage, isRcloneLocation } from '../../core/batching/batch.ts';
import type { Copier, Log, Secrets } from '../../core/ports.ts';
import { addRequests, type RequestsBySide } from '../../core/requests-made.ts';
import { type CopyEnding, exception } from '../../core/transfer/copy-failure.ts';
import type { CopyResult } from '../../core/transfer/copy-result.ts';
import { copyFromBackend } from './backend-copy.ts';
import { Connections } from './connections.ts';
import { type Attempt, type CallOutcome, type CopyfilePorts, copyfile, stoppedEnding } from './copyfile.ts';
import type { Version } from './copyfile-parameters.ts';
import { MemoryGate } from './memory-gate.ts';
import type { RcloneDaemon } from './rclone-daemon.ts';
import { partBytes, partsAtOnce, partsFromBytes, partsMemoryBytes } from './rclone-flags.ts';

import { uploadHeaders } from './rclone-headers.ts';
import { partSize } from './rclone-requests.ts';
import { isAtLeast } from './rclone-version.ts';
import { askSource, goneEnding, looksAsListed, type SourceStoreOf, tagsOf } from './source-version.ts';

/** What the copier works with. */
export type RcloneCopierPorts = {
  daemon: Pick<RcloneDaemon, 'version' | 'call' | 'limitBandwidth'>;
  secrets: Secrets;
  /** The source of a batch, for what rclone does not tell. */
  sourceStore: SourceStoreOf;
  log: Log;
  /** As given to the daemon, where a test gave it others. */
  partsFromBytes?: number;
  partBytes?: number;
  /** Memory that rclone may take for the parts of all large objects together; 2 GiB unless told. */
  partsMemoryBytes?: number;
  /** The gate to that memory, where others go through it as well. */
  memory?: MemoryGate;
};

/** What was learnt about the ETags of a source: whether If-Match knows them, whether any MD5 is in them. */
type EtagLore = { ifMatch: boolean; md5: boolean };

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
  readonly #memory: MemoryGate;
  readonly #lore = new Map<string, EtagLore>();

  constructor(ports: RcloneCopierPorts) {
    this.#ports = ports;
    this.#connections = new Connections(ports.secrets);
    this.#memory = ports.memory ?? new MemoryGate(ports.partsMemoryBytes ?? partsMemoryBytes);
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
    const { ending, sizeBytes } = await this.#copy({ file, batch, signal, requests, headers: [] });
    const told = { carrier: 'rclone', requests, sizeBytes } as const;
    if (ending.result === 'copied') return { ...told, ...ending };
    return { ...told, ...ending, reason: this.#connections.withoutSecrets(ending.reason) };
  }

  async #copy(attempt: Attempt): Promise<CallOutcome> {
    const { file, batch, signal } = attempt;
    if (signal.aborted) return ended(stoppedEnding);
    await this.#ports.daemon.limitBandwidth(batch.limits.bandwidthBytesPerSecond);
    const tags = await this.#tags(attempt);
    if ('ending' in tags) return ended(tags.ending);
    const headers = uploadHeaders(file, tags.answer);
    if (typeof headers === 'string') return ended(exception('unrepresentable', headers));
    const prepared = { ...attempt, headers };
    const copyWhole = (): Promise<CallOutcome> =>
      isRcloneLocation(batch.source)
        ? copyFromBackend(this.#callPorts(), prepared)
        : this.#copyAsStream(prepared);
    if (file.sizeBytes < this.#parts.partsFromBytes) return copyWhole();
    const buffers = partsAtOnce * partSize(file.sizeBytes, this.#parts.partBytes);
    const leave = await this.#memory.enter(buffers, signal);
    if (leave === null) return ended(stoppedEnding);
    try {
      return isAtLeast(this.#ports.daemon.version, 1, 64) && !isRcloneLocation(batch.source)
        ? await this.#copyInRanges(prepared)
        : await copyWhole();
    } finally {
      leave();
    }
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
   * One GET, which asks for the listed version. Where that is refused, or nothing is found, or the bytes
   * have another MD5 than the ETag, a HEAD tells what there is: rclone's word alone gives up no key.
   */
  async #copyAsStream(attempt: Attempt): Promise<CallOutcome> {
    const { file, batch } = attempt;
    const lore = this.#loreOf(batch);
    const listed = { etag: file.etag, sizeBytes: file.sizeBytes };
    const first = await this.#stream(attempt, listed);
    const { side, meaning } = first.error ?? { side: 'unknown', meaning: 'transient' };
    const doubtful = side === 'source' && (meaning === 'missing' || meaning === 'changed');
    if (!doubtful && meaning !== 'mismatch') return first;
    const head = await this.#head(attempt);
    if ('ending' in head) return ended(head.ending);
    const now = head.answer;
    if (now === null) return ended(goneEnding);
    if (meaning === 'changed') {
      if (looksAsListed(now, file)) this.#learn(batch, lore, 'ifMatch', now.etag);
      return asRetry(await this.#stream(attempt, now));
    }
    if (meaning === 'mismatch' && lore.md5 && now.encryption?.startsWith('aws:kms') === true) {
      this.#learn(batch, lore, 'md5', now.etag);
      return this.#stream(attempt, now);
    }
    return asRetry(first);
  }

  /**
   * Parallel GETs, which cannot ask for a version: it is looked at before and after. An object that was
   * overwritten meanwhile may have arrived mixed, and is copied once more in one piece.
   */
  async #copyInRanges(attempt: Attempt): Promise<CallOutcome> {
    const before = await this.#head(attempt);
    // A refused HEAD does not say why; the answer to a GET does.
    if ('ending' in before) return this.#copyAsStream(attempt);
    if (before.answer === null) return ended(goneEnding);
    const { etag, sizeBytes, modifiedAtMs, encryption } = before.answer;
    const lore = this.#loreOf(attempt.batch);
    if (encryption?.startsWith('aws:kms') === true && lore.md5) {
      this.#learn(attempt.batch, lore, 'md5', etag);
    }
    const outcome = await this.#call(attempt, { reading: 'ranges', etag: null, sizeBytes, md5: lore.md5 });
    if (outcome.ending.result !== 'copied') return asRetry(outcome);
    const after = await this.#head(attempt);
    if ('ending' in after) return ended(after.ending);
    const now = after.answer;
    if (now === null) return outcome;
    const same = now.etag === etag && now.sizeBytes === sizeBytes && now.modifiedAtMs === modifiedAtMs;
    return same ? outcome : asRetry(await this.#stream(attempt, now));
  }

  #stream(attempt: Attempt, { etag, sizeBytes }: { etag: string | null; sizeBytes: number }) {
    const { ifMatch, md5 } = this.#loreOf(attempt.batch);
    return this.#call(attempt, { reading: 'stream', etag: ifMatch ? etag : null, sizeBytes, md5 });
  }

  #call(attempt: Attempt, version: Version): Promise<CallOutcome> {
    return copyfile(this.#callPorts(), attempt, version);
  }

  #callPorts(): CopyfilePorts {
    return { daemon: this.#ports.daemon, connections: this.#connections, parts: this.#parts };
  }

  #loreOf({ source }: BatchMessage): EtagLore {
    const name = JSON.stringify(source);
    const lore = this.#lore.get(name) ?? { ifMatch: true, md5: true };
    this.#lore.set(name, lore);
    return lore;
  }

  #learn({ source }: BatchMessage, lore: EtagLore, less: keyof EtagLore, etag: string | null): void {
    lore[less] = false;
    const bucket = isRcloneLocation(source) ? null : source.bucket;
    this.#ports.log('source-etags', { bucket, etag, without: less });
  }
}

function ended(ending: CopyEnding): CallOutcome {
  return { ending, sizeBytes: 0, error: null };
}

/** What the source denied having, or had replaced, but a HEAD finds: a later attempt sees more. */
function asRetry(outcome: CallOutcome): CallOutcome {
  const { ending } = outcome;
  if (ending.result !== 'exception') return outcome;
  if (ending.kind !== 'source-changed' && ending.kind !== 'source-missing') return outcome;
  return { ...outcome, ending: { result: 'retry', side: 'source', reason: ending.reason } };
}
