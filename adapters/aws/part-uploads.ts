import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { HeldPart, ObjectProperties, PartUploads, UnfinishedUpload } from '../../core/ports.ts';
import type { S3Connection } from './resolve-connection.ts';
import { storeError } from './s3-errors.ts';
import { confirmedEtag, exactHeaders, inputOf, noAnswer, plainEtag, whenBuilt } from './s3-properties.ts';

type Address = Pick<UnfinishedUpload, 'key' | 'uploadId'>;

/** Multipart uploads of a bucket behind an S3 API, step by step: they outlive the process that begins them. */
export class S3PartUploads implements PartUploads {
  readonly #client: S3Client;
  readonly #connection: Pick<S3Connection, 'bucket' | 'region'>;

  constructor(client: S3Client, connection: Pick<S3Connection, 'bucket' | 'region'>) {
    this.#client = client;
    this.#connection = connection;
  }

  begin(key: string, properties: ObjectProperties): Promise<{ uploadId: string }> {
    return this.#told(async () => {
      const create = new CreateMultipartUploadCommand({
        Bucket: this.#connection.bucket,
        Key: key,
        ...inputOf(properties),
      });
      create.middlewareStack.add(exactHeaders(properties), whenBuilt);
      const { UploadId } = await this.#client.send(create);
      if (UploadId === undefined) throw noAnswer('began an upload without telling its id');
      return { uploadId: UploadId };
    });
  }

  write(upload: Address, part: number, bytes: Uint8Array, signal?: AbortSignal): Promise<HeldPart> {
    return this.#told(async () => {
      const command = new UploadPartCommand({
        ...this.#target(upload),
        PartNumber: part,
        Body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        ContentMD5: createHash('md5').update(bytes).digest('base64'),
      });
      const { ETag } = await this.#client.send(command, signal === undefined ? {} : { abortSignal: signal });
      return { part, etag: confirmedEtag(ETag) };
    });
  }

  async *held(upload: Address): AsyncIterable<HeldPart & { sizeBytes: number }> {
    let after: string | null = '';
    while (after !== null) {
      const page: { PartNumberMarker?: string } = after === '' ? {} : { PartNumberMarker: after };
      const answer = await this.#told(() =>
        this.#client.send(new ListPartsCommand({ ...this.#target(upload), ...page })),
      );
      for (const { PartNumber, ETag, Size } of answer.Parts ?? []) {
        const etag = plainEtag(ETag);
        if (PartNumber === undefined || etag === null || Size === undefined)
          throw noAnswer('listed a part without its number, ETag or size');
        yield { part: PartNumber, etag, sizeBytes: Size };
      }
      after = answer.IsTruncated === true ? (answer.NextPartNumberMarker ?? null) : null;
    }
  }

  complete(upload: Address, parts: readonly HeldPart[]): Promise<{ etag: string }> {
    return this.#told(async () => {
      const Parts = parts.map(({ part, etag }) => ({ PartNumber: part, ETag: `"${etag}"` }));
      const answer = await this.#client.send(
        new CompleteMultipartUploadCommand({ ...this.#target(upload), MultipartUpload: { Parts } }),
      );
      return { etag: confirmedEtag(answer.ETag) };
    });
  }

  #target({ key, uploadId }: Address) {
    return { Bucket: this.#connection.bucket, Key: key, UploadId: uploadId };
  }

  async #told<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw storeError(error, this.#connection.region);
    }
  }
}
