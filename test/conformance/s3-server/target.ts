import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';

/** Something a server under test does not do; the cases about it are skipped by that name. */
export type Quirk =
  /** Keys with empty, `.` or `..` segments, a slash at an end or a backslash become other keys or are refused. */
  | 'keys-are-paths'
  /** Listings follow folders or something else, not the bytes of the keys; StartAfter may pass keys over. */
  | 'no-byte-order'
  | 'no-control-characters'
  | 'no-long-keys'
  /** Gives more than 1,000 keys a page when asked to. */
  | 'long-pages'
  | 'no-common-prefix-paging'
  | 'no-write-conditions'
  | 'no-digest-checks'
  | 'no-archive'
  | 'no-upload-listing'
  | 'no-part-checks'
  | 'no-access-check'
  /** Metadata and tags without a value are lost or refused. */
  | 'no-empty-values'
  | 'no-overrides'
  /** Errors come with other codes than S3's, or not at all. */
  | 'loose-errors';

export type S3Target = {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucketPrefix?: string;
  readonly quirks?: readonly Quirk[];
  stop(): Promise<void>;
};

/** The server under test as the cases see it; `target` and `client` are there once the suite has started. */
export type Subject = {
  readonly target: S3Target;
  readonly client: S3Client;
  /** Bucket for objects of a single case each. */
  readonly bucket: string;
  /** Another one, for cases about whole listings. */
  newBucket(): Promise<string>;
};

/** The only part of a test's context that the cases need. */
type Skippable = { skip(condition: boolean, note?: string): void };

/** Skips a case, by name, on a server that is known not to do it. */
export function needs(context: Skippable, subject: Subject, ...quirks: readonly Quirk[]): void {
  const lacking = quirks.filter((quirk) => subject.target.quirks?.includes(quirk));
  context.skip(lacking.length > 0, `this server: ${lacking.join(', ')}`);
}

export function clientFor(target: S3Target, changes: Partial<S3Target> = {}): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = { ...target, ...changes };
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
}

/** Opens the subject of a suite; what it creates, `close` deletes again. */
export async function openSubject(target: S3Target): Promise<Subject & { close(): Promise<void> }> {
  const client = clientFor(target);
  const buckets: string[] = [];
  const newBucket = async () => {
    const name = `${target.bucketPrefix ?? 'suite'}-${buckets.length + 1}`;
    await client.send(new CreateBucketCommand({ Bucket: name }));
    buckets.push(name);
    return name;
  };
  const bucket = await newBucket();
  const close = async () => {
    for (const name of buckets) await removeBucket(client, name);
    client.destroy();
  };
  return { target, client, bucket, newBucket, close };
}

async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const page = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));
    const keys = (page.Contents ?? []).map(({ Key = '' }) => decodeListed(Key));
    // Strict servers refuse a whole DeleteObjects for one character that XML has no place for.
    const [plain, odd] = [keys.filter((key) => !ODD.test(key)), keys.filter((key) => ODD.test(key))];
    for (const Key of odd) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const Objects = plain.map((Key) => ({ Key }));
    if (plain.length > 0)
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (page.IsTruncated !== true) break;
  }
  await client.send(new DeleteBucketCommand({ Bucket }));
}

const ODD = /[\u0000-\u001f\ufffe\uffff]/;

/** A key out of a listing with `encoding-type=url`. */
export function decodeListed(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

/** Byte order, as a reader of the S3 documentation would check it. */
export function inByteOrder(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export async function putAll(subject: Subject, bucket: string, keys: readonly string[]): Promise<void> {
  const waiting = [...keys];
  const putter = async () => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      await subject.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, putter));
}

/** Expects a refusal with that HTTP status and S3 error code; a 304 has no body to carry a code. */
export async function expectRefusal(
  request: Promise<unknown>,
  code: string | undefined,
  status: number,
): Promise<void> {
  const refusal = await request.then(
    () => ({ code: 'none: it was answered', status: 200 }),
    (error: unknown) => {
      if (!(error instanceof S3ServiceException)) throw error;
      return { code: code === undefined ? undefined : error.name, status: error.$metadata.httpStatusCode };
    },
  );
  expect(refusal).toEqual({ code, status });
}
