import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { LevelPage, ObjectStore } from '../../core/ports.ts';
import { decodeKey, type ListingStyle, slowAnswer, unsupported } from './listing-answer.ts';
import { refuseDisorder } from './s3-listing.ts';

/**
 * One page of a level, by ListObjectsV2 with a delimiter. Throws what the SDK throws, and a `StoreError` of kind `unsupported`
 * when the store shows more than the level, what was not asked for, or not in byte order. Few requests are made of this kind, so that the
 * SDK reads them.
 */
export async function listLevel(
  client: S3Client,
  bucket: string,
  style: ListingStyle,
  { prefix, token, maxKeys, signal }: Parameters<NonNullable<ObjectStore['listLevel']>>[0],
): Promise<LevelPage> {
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Delimiter: '/',
    MaxKeys: maxKeys ?? 1000,
    ...(style.encoded ? { EncodingType: 'url' } : {}),
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
  });
  const answer = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  const { objects, truncated } = slowAnswer(answer);
  const encoded = answer.EncodingType === 'url';
  const folders = (answer.CommonPrefixes ?? []).map(({ Prefix }) => {
    if (Prefix === undefined) throw unsupported('a folder without a name');
    return decodeKey(Prefix, encoded);
  });
  refuseDisorder(objects, { prefix, startAfter: null });
  refuseDisorder(
    folders.map((key) => ({ key })),
    { prefix, startAfter: null },
  );
  for (const { key } of objects)
    if (key.includes('/', prefix.length)) throw unsupported(`the key ${JSON.stringify(key)} beside folders`);
  for (const folder of folders)
    if (folder === prefix || !folder.endsWith('/') || folder.indexOf('/', prefix.length) < folder.length - 1)
      throw unsupported(`the folder ${JSON.stringify(folder)}, which does not end at its first slash`);
  const next = answer.NextContinuationToken;
  if (truncated && (next === undefined || next === token))
    throw unsupported('a level that is not at its end, without saying where the next page begins');
  return { objects, folders, more: truncated, ...(truncated && next !== undefined ? { next } : {}) };
}
