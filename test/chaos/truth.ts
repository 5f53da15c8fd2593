import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import type { ScriptedObject } from './script.ts';

/** One content that an object had at the source. */
export type Version = { sha256: string; sizeBytes: number; etag: string | null };

/** What became of a key at the source. `mutation` is noted before it is tried. */
export type History = { versions: Version[]; mutation: 'unchanged' | 'overwritten' | 'deleted' };

export const adminKeys = { accessKeyId: 'CHAOSADMIN', secretAccessKey: 'chaos-admin-secret' };

const partBytes = 5 * 1024 * 1024;
const patienceMs = 1500;
const mostTries = 40;

/** The source bucket as the harness fills and changes it, and all that it ever held. */
export class Truth {
  readonly histories = new Map<string, History>();
  readonly #store: S3ObjectStore;
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(endpoint: string, bucket: string) {
    this.#bucket = bucket;
    const place = { region: 'us-east-1', endpoint, credentials: adminKeys };
    this.#store = new S3ObjectStore({ provider: 'Other', bucket, ...place });
    this.#client = new S3Client({ ...place, forcePathStyle: true });
  }

  async fill(objects: readonly ScriptedObject[]): Promise<void> {
    const left = objects[Symbol.iterator]();
    const write = async (): Promise<void> => {
      for (const { key, sizeBytes, inParts } of left) {
        const body = bodyOf(key, 0, sizeBytes);
        const etag = inParts ? await this.#putInParts(key, body) : await this.#put(key, body);
        this.histories.set(key, { versions: [versionOf(body, etag)], mutation: 'unchanged' });
      }
    };
    await Promise.all(Array.from({ length: 12 }, write));
  }

  /** Replaces the object by another content of another size: with nothing but the size to compare, versions of equal size are the same to anybody. */
  async overwrite(key: string): Promise<void> {
    const history = this.#of(key);
    const body = bodyOf(key, 1, (history.versions[0]?.sizeBytes ?? 0) + 1);
    history.mutation = 'overwritten';
    history.versions.push(versionOf(body, createHash('md5').update(body).digest('hex')));
    await untilDone(() => this.#put(key, body));
  }

  async delete(key: string): Promise<void> {
    this.#of(key).mutation = 'deleted';
    await untilDone(() => this.#store.delete(key));
  }

  close(): void {
    this.#store.close();
    this.#client.destroy();
  }

  #of(key: string): History {
    const history = this.histories.get(key);
    if (history === undefined)
      throw new Error(`the script changes ${JSON.stringify(key)}, which is no object`);
    return history;
  }

  async #put(key: string, body: Uint8Array): Promise<string | null> {
    return (await this.#store.put(key, body, body.length, propertiesOf(key))).etag;
  }

  async #putInParts(Key: string, body: Uint8Array): Promise<string | null> {
    const target = { Bucket: this.#bucket, Key };
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({ ...target, Metadata: propertiesOf(Key).metadata }),
    );
    const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
    for (let from = 0; from < body.length; from += partBytes) {
      const PartNumber = Parts.length + 1;
      const Body = body.subarray(from, from + partBytes);
      const { ETag } = await this.#client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber, Body }),
      );
      Parts.push({ ETag, PartNumber });
    }
    const { ETag } = await this.#client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    return ETag?.replaceAll('"', '') ?? null;
  }
}

/** User metadata that must arrive with the object. */
export function propertiesOf(key: string): { metadata: Record<string, string> } {
  return { metadata: { truth: createHash('sha256').update(key).digest('hex').slice(0, 12) } };
}

export function sha256Of(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

function versionOf(body: Uint8Array, etag: string | null): Version {
  return { sha256: sha256Of(body), sizeBytes: body.length, etag };
}

function bodyOf(key: string, version: number, sizeBytes: number): Uint8Array {
  return Buffer.alloc(sizeBytes, `${createHash('sha256').update(key).digest('hex')} ${version}|`);
}

/** Tries again while the server misbehaves, as it does to everybody. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await Promise.race([work(), sleep(patienceMs).then(() => Promise.reject(new Error('no answer')))]);
      return;
    } catch (error) {
      if (tries === mostTries) throw error;
      await sleep(100);
    }
  }
}
