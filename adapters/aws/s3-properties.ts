import type {
  GetObjectCommandOutput,
  GetObjectTaggingCommandOutput,
  HeadObjectCommandOutput,
  PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import type { ObjectDetails, ObjectProperties } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { headersOf } from './header-text.ts';

/** An ETag without its quotes; null when the store sent none. */
export function plainEtag(etag: string | undefined): string | null {
  return etag === undefined || etag === '' ? null : etag.replace(/^(W\/)?"|"$/g, '');
}

/**
 * The ETag by which a store confirms what it took. Throws a `StoreError` of kind `failed` where there is
 * none: the answer of a proxy or portal must not pass for the store's.
 */
export function confirmedEtag(etag: string | undefined): string {
  const plain = plainEtag(etag);
  if (plain === null) throw noAnswer('took the object without telling its ETag');
  return plain;
}

/** The error for an answer that lacks what every store says. */
export function noAnswer(what: string): StoreError {
  const sentence = `the store ${what}. Is the endpoint the address of an S3 API?`;
  return new StoreError('failed', `IncompleteAnswer: ${sentence}`, { code: 'IncompleteAnswer' });
}

/**
 * What the answer to a HEAD or GET tells of the object; for a ranged GET the size is that of the whole.
 * Throws a `StoreError` of kind `failed` for an answer without size and time, which is no store's.
 */
export function detailsOf(
  key: string,
  answer: HeadObjectCommandOutput | GetObjectCommandOutput,
): ObjectDetails {
  const whole = answer.ContentRange === undefined ? undefined : /\/(\d+)$/.exec(answer.ContentRange)?.[1];
  const sizeBytes = whole === undefined ? answer.ContentLength : Number(whole);
  const { LastModified } = answer;
  if (sizeBytes === undefined || LastModified === undefined) throw noAnswer('told no size or no time');
  return {
    key,
    sizeBytes,
    etag: plainEtag(answer.ETag),
    modifiedAtMs: LastModified.getTime(),
    storageClass: answer.StorageClass ?? null,
    contentType: answer.ContentType ?? null,
    contentEncoding: answer.ContentEncoding ?? null,
    contentLanguage: answer.ContentLanguage ?? null,
    contentDisposition: answer.ContentDisposition ?? null,
    cacheControl: answer.CacheControl ?? null,
    expires: answer.ExpiresString ?? null,
    metadata: answer.Metadata ?? {},
    encryption: answer.ServerSideEncryption ?? null,
    tagCount: answer.TagCount ?? null,
  };
}

type Written = Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body' | 'ContentLength' | 'ContentMD5'>;

/** The part of a PutObject or CreateMultipartUpload that says what is written beside the bytes. */
export function inputOf(properties: ObjectProperties): Written {
  const text = {
    ContentType: properties.contentType,
    ContentEncoding: properties.contentEncoding,
    ContentLanguage: properties.contentLanguage,
    ContentDisposition: properties.contentDisposition,
    CacheControl: properties.cacheControl,
    SSEKMSKeyId: properties.kmsKeyId,
    ServerSideEncryption: typeof properties.kmsKeyId === 'string' ? ('aws:kms' as const) : null,
    StorageClass: properties.storageClass as Written['StorageClass'] | null,
    Metadata: properties.metadata,
    Tagging: taggingOf(properties.tags),
  };
  return Object.fromEntries(
    Object.entries(text).filter(([, value]) => value !== null && value !== undefined),
  );
}

/** Tags as the header of an upload; null where there are none. */
export function taggingOf(tags: Readonly<Record<string, string>> | undefined): string | null {
  const named = Object.entries(tags ?? {});
  if (named.length === 0) return null;
  return named.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** Where `exactHeaders` goes: before the request is signed. */
export const whenBuilt = { step: 'build', name: 'exactHeaders' } as const;

/**
 * A middleware for the two headers that the SDK cannot send: `Expires` exactly as the source gave it (the
 * SDK takes dates only, and stores also hold values like `0`), and no `Content-Type` where the object is to
 * have none (the SDK would add one of its own).
 */
export function exactHeaders(properties: ObjectProperties) {
  return <Arguments extends { request: unknown }, Result>(next: (args: Arguments) => Promise<Result>) =>
    (args: Arguments): Promise<Result> => {
      const headers = headersOf(args.request);
      if (headers !== null && typeof properties.expires === 'string') headers.expires = properties.expires;
      if (headers !== null && typeof properties.contentType !== 'string') delete headers['content-type'];
      return next(args);
    };
}

/** The tags in the SDK's answer. Throws `noAnswer` where it holds none, not even an empty list. */
export function tagsOf({ TagSet }: Pick<GetObjectTaggingCommandOutput, 'TagSet'>): Record<string, string> {
  if (TagSet === undefined) throw noAnswer('told no tags, not even none');
  return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}
