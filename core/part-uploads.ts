import type { ObjectProperties } from './ports.ts';

/** An upload that was begun and neither completed nor aborted. */
export type UnfinishedUpload = { key: string; uploadId: string; initiatedAtMs: number };

/** A part that a store holds of an unfinished upload. */
export type HeldPart = { part: number; etag: string };

/** Multipart uploads step by step, for objects that many workers write. Every method throws `StoreError` and nothing else. */
export interface PartUploads {
  /** Begins an upload; what is written beside the bytes is given here. */
  begin(key: string, properties: ObjectProperties): Promise<{ uploadId: string }>;
  /** Writes a part, counted from 1; the store verifies its MD5. Code `NoSuchUpload` when the upload was ended. */
  write(
    upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>,
    part: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<HeldPart>;
  /** The parts that the store holds, in order. Code `NoSuchUpload` when the upload was ended. */
  held(upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>): AsyncIterable<HeldPart & { sizeBytes: number }>;
  /** Makes the parts one object. Codes `NoSuchUpload`, and `InvalidPart` when the store holds another part than named. */
  complete(
    upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>,
    parts: readonly HeldPart[],
  ): Promise<{ etag: string }>;
}
