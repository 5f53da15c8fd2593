import type { BatchFile, BatchMessage } from './batching/batch.ts';
import type { ObjectSummary } from './inventory/inventory-row.ts';
import type { PackedPage } from './inventory/packed-page.ts';
import type { Lines } from './json-lines.ts';
import type { LevelPage, ListingWay, ListPage } from './listed-pages.ts';
import type { PartUploads, UnfinishedUpload } from './part-uploads.ts';
import type { RequestsMade } from './requests-made.ts';
import type { CopyResult } from './transfer/copy-result.ts';

/** Time, so that the core never asks the machine for it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after the time has passed, or at once when the signal aborts; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export type { HeldPart, PartUploads, UnfinishedUpload } from './part-uploads.ts';
export type { LevelPage, ListingWay, ListPage };

/** What a HEAD or GET tells of an object. Header values are as the store sent them. */
export type ObjectDetails = ObjectSummary & {
  contentType: string | null;
  contentEncoding: string | null;
  contentLanguage: string | null;
  contentDisposition: string | null;
  cacheControl: string | null;
  expires: string | null;
  metadata: Record<string, string>;
  /** Server-side encryption: with `aws:kms` an ETag is no MD5. */
  encryption: string | null;
  /** Number of tags, where the answer says (GET does, HEAD may not); null = unknown. */
  tagCount: number | null;
};

/**
 * An object's bytes, to be read once: piece by piece, or by `whole` in one piece where the store has a quicker way to give
 * that.
 */
export type ObjectBody = AsyncIterable<Uint8Array> & { readonly whole?: () => Promise<Uint8Array> };

/** What is written beside an object's bytes. */
export type ObjectProperties = {
  contentType?: string | null;
  contentEncoding?: string | null;
  contentLanguage?: string | null;
  contentDisposition?: string | null;
  cacheControl?: string | null;
  expires?: string | null;
  metadata?: Record<string, string>;
  tags?: Record<string, string>;
  storageClass?: string | null;
  kmsKeyId?: string | null;
  /** Base64 MD5 that the store verifies before it accepts the object. */
  contentMd5?: string | null;
};

/** One bucket. Every method throws `StoreError` (see store-error.ts) and nothing else. */
export interface ObjectStore {
  /**
   * The first page of keys under `prefix` that come after `startAfter` in UTF-8 byte order. `token` is what the page that
   * ended at `startAfter` gave as `next`: a store that pages by nothing else goes on from there; without it, or where it
   * is no longer taken, such a store is read from the beginning.
   */
  listPage(query: {
    prefix: string;
    startAfter: string | null;
    token?: string;
    maxKeys?: number;
    signal?: AbortSignal;
  }): Promise<ListPage>;
  /**
   * The same page, handed to `use` in one step as bytes where it can be, else as objects; gives what that gave. It is called
   * once, when the page is whole, and must not throw. Left out by a store that has its pages as objects.
   */
  readPage?<Used>(
    query: Parameters<ObjectStore['listPage']>[0],
    use: (page: PackedPage | ListPage) => Used,
  ): Promise<Used>;
  /**
   * One level of the bucket, page by page: each page but the first by the `next` of the one before. A page may be empty and
   * not be the last. Left out by a store that is only read in order.
   */
  listLevel?(query: {
    prefix: string;
    token?: string;
    maxKeys?: number;
    signal?: AbortSignal;
  }): Promise<LevelPage>;
  /** What the store knows of the object, or null when there is none of that exact key. */
  head(key: string): Promise<ObjectDetails | null>;
  /** The object's bytes as a stream, or null when there is none. `range` is inclusive on both ends. */
  get(
    key: string,
    options?: { range?: { first: number; last: number }; ifMatch?: string; signal?: AbortSignal },
  ): Promise<{
    details: ObjectDetails;
    body: ObjectBody;
  } | null>;
  /** Writes the object whole; a stream needs its exact `sizeBytes`. Large bodies go up in parts. */
  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    sizeBytes: number,
    properties: ObjectProperties,
    signal?: AbortSignal,
  ): Promise<{ etag: string | null }>;
  /** Deletes the object; succeeds when there is none. */
  delete(key: string): Promise<void>;
  /** The object's tags. */
  tags(key: string): Promise<Record<string, string>>;
  /** Replaces the object's tags. */
  tag(key: string, tags: Record<string, string>): Promise<void>;
  /** Uploads under the prefix that were begun and not ended. */
  unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload>;
  /** Aborts one of them; succeeds when it is gone already. */
  abortUpload(upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>): Promise<void>;
  /** Uploads step by step; left out by a store that is only read. */
  readonly parts?: PartUploads;
  /** Requests sent since this store was opened, by operation. */
  requestsMade(): RequestsMade;
  close(): void;
}

/** A message taken from the queue, under a lease. */
export type ReceivedMessage = { body: string; receipt: string; receiveCount: number };

/** Messages by what they wait for; an approximation on SQS, exact on one machine. */
export type QueueCounts = { visible: number; inFlight: number; delayed: number };

/** A message for the queue. Messages of a group come in order, and a group's messages know no delay. */
export type MessageToSend = { body: string } & (
  | { delaySeconds?: number; group?: undefined }
  | { group: string; delaySeconds?: undefined }
);

/** The queue of batches: at-least-once, unordered but within a group. */
export interface WorkQueue {
  /**
   * Whether messages may have a group: while a message of it is leased, nobody else is given another one of it. Where
   * it is false, sending such a message throws.
   */
  readonly takesGroups: boolean;
  /**
   * Resolves only when the queue confirmed every message; entries that fail alone are sent again. Each call sends
   * messages of its own: equal bodies are no reason to leave one out.
   */
  send(messages: readonly MessageToSend[]): Promise<void>;
  /** Takes up to ten messages, waiting up to `waitSeconds` for the first. */
  receive(options: {
    max: number;
    waitSeconds: number;
    leaseSeconds: number;
    signal?: AbortSignal;
  }): Promise<ReceivedMessage[]>;
  /**
   * Makes the lease end `leaseSeconds` from now. False when the lease was lost already; throws where that is more than 12
   * hours after the message was received, and the lease stays as it was.
   */
  extend(receipt: string, leaseSeconds: number): Promise<boolean>;
  /** Gives messages back: they can be received again at once. */
  release(receipts: readonly string[]): Promise<void>;
  /** Removes messages for good; resolves when the queue confirmed it. A lost lease is no error. */
  delete(receipts: readonly string[]): Promise<void>;
  counts(): Promise<QueueCounts>;
  /** Requests sent since the queue was opened, by operation. */
  requestsMade(): RequestsMade;
  close(): void;
}

/** A conditional write found another version than the one it was to replace. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict';
}

/** The migration's own files, by path (`migrations/<id>/…`). */
export interface JobStore {
  read(path: string): Promise<{ bytes: Uint8Array; version: string } | null>;
  /** The file as a stream, or null when there is none. */
  stream(path: string): Promise<AsyncIterable<Uint8Array> | null>;
  /**
   * Writes the file whole: a reader sees the old one or the new one. `replaces`: the version that must be
   * there (null = none may be there), else `VersionConflict`; left out = whatever is there is replaced.
   */
  write(
    path: string,
    bytes: Uint8Array,
    options?: { replaces?: string | null },
  ): Promise<{ version: string }>;
  /** As `write` of what the lines encode to, for a store that encodes them elsewhere. The lines are gone then. */
  writeLines?(path: string, lines: Lines): Promise<{ version: string }>;
  /** Paths that begin with the prefix, in UTF-8 byte order. */
  list(prefix: string): AsyncIterable<string>;
  /** Deletes the file; succeeds when there is none. */
  delete(path: string): Promise<void>;
  /** Where a person finds the file: a URL or a local path. */
  address(path: string): string;
}

/** Secret values by name. Values stay in process memory. */
export interface Secrets {
  /** Throws `SecretMissing`. `fresh` bypasses any cache, so that a rotated value is seen. */
  read(name: string, options?: { fresh?: boolean }): Promise<string>;
}

/** The workers. */
export interface Fleet {
  /** Sets how many workers there may be at least and at most; the scaling policy moves in between. */
  setBounds(bounds: { minimum: number; maximum: number; desired: number }): Promise<void>;
  /** Workers wanted and workers that run. */
  size(): Promise<{ desired: number; running: number }>;
}

/** Listing tasks, which may outlive the state that started them. */
export interface ListerTasks {
  /** Stops every lister of the migration and returns how many were found running. */
  stopAll(migration: string): Promise<number>;
}

/** A Task or Map state that an execution entered. `failed`: it ended in an error that a Catch took. */
export type StatePassed = { name: string; startedAtMs: number; endedAtMs: number | null; failed: boolean };

/** The path an execution took, for the report. */
export interface ExecutionHistory {
  states(execution: string): Promise<StatePassed[]>;
}

/** What moves one object. Never throws for an object: how it ended is a value. */
export interface Copier {
  copy(file: BatchFile, batch: BatchMessage, signal: AbortSignal): Promise<CopyResult>;
}

/** Where a process says what happens, a line each; no secret, no value of a header, ever. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;
