/** Where a stretch of an object's bytes lies: in the index itself (small) or as a body of its own. */
export type BodyPart = {
  readonly place: 'index' | 'body';
  readonly id: number;
  readonly sizeBytes: number;
};

/** What is remembered of an object beside its bytes, and given back with them. */
export type ObjectAttributes = {
  /** Response headers replayed on GET and HEAD: Content-Type, x-amz-meta-*, encryption ... */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** `x-amz-checksum-*` headers, shown on request. */
  readonly checksums: Readonly<Record<string, string>>;
};

/** A row of a listing. */
export type ListedObject = {
  readonly key: string;
  readonly sizeBytes: number;
  /** Without the quotes. */
  readonly etag: string;
  /** Whole seconds, as S3 keeps them. */
  readonly modifiedAtMs: number;
  readonly storageClass: string;
};

export type StoredObject = ListedObject & {
  readonly attributes: ObjectAttributes;
  readonly body: readonly BodyPart[];
};

/** A page of a listing whose rows are written already, as they are shown under any encoding. */
export type WrittenPage = {
  readonly rows: Uint8Array;
  readonly count: number;
  /** Where the next page starts; undefined on the last page. */
  readonly next: Uint8Array | undefined;
};

/** Bytes received but not yet visible: in hand when small, else already written aside. */
export type PendingBody = { readonly bytes: Uint8Array } | { readonly parts: readonly BodyPart[] };

/**
 * The objects of one bucket, in UTF-8 byte order. Everything but reading bytes is synchronous: a change is
 * there for the next request or it is not there at all.
 */
export interface ObjectShelf {
  find(key: string): StoredObject | undefined;
  /** The first `limit` objects whose key bytes are at least `from` and below `before`, ascending. */
  scan(from: Uint8Array, before: Uint8Array | undefined, limit: number): readonly ListedObject[];
  /** The first `limit` objects whose key bytes are at least `from`, on shelves that keep rows as they are sent; null on others. */
  writtenPage?(from: Uint8Array, limit: number): WrittenPage | null;
  /** `byteCount` bytes from `firstByte`; a stream keeps reading the object it was opened on. */
  read(object: StoredObject, firstByte: number, byteCount: number): Uint8Array | AsyncIterable<Uint8Array>;
  /** Replaces whatever the key held. */
  put(object: Omit<StoredObject, 'body'>, body: PendingBody): void;
  retag(key: string, tags: Readonly<Record<string, string>>): void;
  /** True when there was something to remove. */
  remove(key: string): boolean;
}
