import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { PackedPage } from '../../core/inventory/packed-page.ts';
import type {
  LevelPage,
  ListingWay,
  ListPage,
  ObjectDetails,
  ObjectProperties,
  ObjectStore,
  UnfinishedUpload,
} from '../../core/ports.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import { StoreError } from '../../core/store-error.ts';
import { getDirectly, headDirectly, putDirectly, tagsDirectly } from './direct-objects.ts';
import { listLevel } from './level-listing.ts';
import type { ListingStyle } from './listing-answer.ts';
import { uploadInParts } from './multipart-upload.ts';
import { S3PartUploads } from './part-uploads.ts';
import type { S3Connection } from './resolve-connection.ts';
import { askFirstFromBytes, type S3ClientOfBucket, type S3ClientOptions, s3Client } from './s3-client.ts';
import { storeError } from './s3-errors.ts';
import { listPage, readPage } from './s3-listing.ts';
import { noAnswer, tagsOf } from './s3-properties.ts';
import { getBySdk, headBySdk } from './sdk-objects.ts';
import { uploadWhole } from './whole-upload.ts';

const mebibyte = 1024 * 1024;

/** How the store is talked to. */
export type S3ObjectStoreOptions = S3ClientOptions & {
  /** `v1` for stores without ListObjectsV2 or without StartAfter, others as in `Capabilities`; `v2` unless told. */
  listing?: ListingWay;
  /** Bodies above this size go up in parts; 64 MiB unless told. */
  partsAboveBytes?: number;
  /** Size of a part, at least 5 MiB; 64 MiB unless told. */
  partBytes?: number;
};

/**
 * A bucket behind an S3 API. HEAD answers have no body: a 403 is `denied` whatever its cause, and a missing
 * bucket looks like a missing object; `listPage` and `get` tell them apart.
 */
export class S3ObjectStore implements ObjectStore {
  readonly parts: S3PartUploads;
  readonly #bucket: S3ClientOfBucket;
  readonly #client: S3Client;
  readonly #connection: S3Connection;
  readonly #listing: ListingStyle;
  readonly #partsAboveBytes: number;
  readonly #partBytes: number;

  constructor(connection: S3Connection, options: S3ObjectStoreOptions = {}) {
    const bucket = s3Client(connection, options);
    const { client } = bucket;
    this.#bucket = bucket;
    this.#client = client;
    this.#connection = connection;
    // IBM COS encodes the keys of a listing in ways that cannot be undone. [src: rclone, provider IBMCOS]
    this.#listing = { version: options.listing ?? 'v2', encoded: connection.provider !== 'IBMCOS' };
    this.#partsAboveBytes = options.partsAboveBytes ?? 64 * mebibyte;
    this.#partBytes = options.partBytes ?? 64 * mebibyte;
    this.parts = new S3PartUploads(client, connection);
  }

  listPage(query: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> {
    const { bucket } = this.#connection;
    return this.#told(() =>
      listPage(this.#bucket, bucket, this.#listing, { ...query, maxKeys: query.maxKeys ?? 1000 }),
    );
  }

  readPage<Used>(
    query: Parameters<ObjectStore['listPage']>[0],
    use: (page: PackedPage | ListPage) => Used,
  ): Promise<Used> {
    const { bucket } = this.#connection;
    const whole = { ...query, maxKeys: query.maxKeys ?? 1000 };
    return this.#told(() => readPage(this.#bucket, bucket, this.#listing, whole, use));
  }

  listLevel(query: Parameters<NonNullable<ObjectStore['listLevel']>>[0]): Promise<LevelPage> {
    const { bucket } = this.#connection;
    return this.#told(() => listLevel(this.#client, bucket, this.#listing, query));
  }

  head(key: string): Promise<ObjectDetails | null> {
    return this.#told(async () => {
      const direct = await this.#bucket.requests();
      const asked = direct === null ? headBySdk(this.#client, this.#target(key)) : headDirectly(direct, key);
      return asked.catch(nullWhenMissing);
    });
  }

  /** The body holds a connection until it is read to its end, left early, or the signal aborts. */
  get(key: string, options: Parameters<ObjectStore['get']>[1] = {}): ReturnType<ObjectStore['get']> {
    return this.#told(async () => {
      const direct = await this.#bucket.requests();
      const asked =
        direct === null
          ? getBySdk(this.#client, this.#target(key), options, this.#asFailure)
          : getDirectly(direct, key, { ...options, provider: this.#connection.provider }, this.#asFailure);
      return asked.catch(nullWhenMissing);
    });
  }

  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    sizeBytes: number,
    properties: ObjectProperties,
    signal?: AbortSignal,
  ): Promise<{ etag: string | null }> {
    return this.#told(async () => {
      const direct = await this.#bucket.requests();
      const target = this.#target(key);
      const small = sizeBytes < Math.min(askFirstFromBytes, this.#partsAboveBytes);
      if (direct !== null && body instanceof Uint8Array && small)
        return { etag: await putDirectly(direct, key, body, sizeBytes, properties, signal) };
      if (sizeBytes <= this.#partsAboveBytes)
        return { etag: await uploadWhole(this.#client, target, body, sizeBytes, properties, signal) };
      const options = { partBytes: this.#partBytes, ...(signal === undefined ? {} : { signal }) };
      return { etag: await uploadInParts(this.#client, target, body, sizeBytes, properties, options) };
    });
  }

  async delete(key: string): Promise<void> {
    await this.#told(() =>
      this.#client.send(new DeleteObjectCommand(this.#target(key))).catch(nullWhenMissing),
    );
  }

  tags(key: string): Promise<Record<string, string>> {
    return this.#told(async () => {
      const direct = await this.#bucket.requests();
      if (direct !== null) return tagsDirectly(direct, key);
      return tagsOf(await this.#client.send(new GetObjectTaggingCommand(this.#target(key))));
    });
  }

  async tag(key: string, tags: Record<string, string>): Promise<void> {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await this.#told(() =>
      this.#client.send(new PutObjectTaggingCommand({ ...this.#target(key), Tagging: { TagSet } })),
    );
  }

  async *unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    let after: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
    while (after !== null) {
      const page: { KeyMarker?: string; UploadIdMarker?: string } = after;
      const answer = await this.#told(() =>
        this.#client.send(
          new ListMultipartUploadsCommand({ Bucket: this.#connection.bucket, Prefix: prefix, ...page }),
        ),
      );
      if (answer.IsTruncated === undefined) throw noAnswer('told no end of its unfinished uploads');
      for (const { Key, UploadId, Initiated } of answer.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined) continue;
        yield { key: Key, uploadId: UploadId, initiatedAtMs: Initiated?.getTime() ?? 0 };
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = answer;
      after =
        answer.IsTruncated === true && KeyMarker !== undefined
          ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) }
          : null;
    }
  }

  async abortUpload(upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>): Promise<void> {
    await this.#told(() =>
      this.#client
        .send(new AbortMultipartUploadCommand({ ...this.#target(upload.key), UploadId: upload.uploadId }))
        .catch((error: unknown) => {
          if (codeOf(error) !== 'NoSuchUpload') throw error;
        }),
    );
  }

  requestsMade(): RequestsMade {
    return this.#bucket.requestsMade();
  }

  close(): void {
    this.#bucket.close();
  }

  readonly #asFailure = (error: unknown): StoreError => storeError(error, this.#connection.region);

  #target(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#connection.bucket, Key: key };
  }

  async #told<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#asFailure(error);
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}

/** Every 404 but the one of a missing bucket means that there is no such object. */
function nullWhenMissing(error: unknown): null {
  if (error instanceof StoreError || statusOf(error) !== 404 || codeOf(error) === 'NoSuchBucket') throw error;
  return null;
}
