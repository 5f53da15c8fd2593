import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { CONTROL_KEYS, HARD_KEYS, LONGEST_KEYS, PATH_LIKE_KEYS } from './hard-keys.ts';
import {
  decodeListed,
  expectRefusal,
  inByteOrder,
  needs,
  putAll,
  type Quirk,
  type Subject,
} from './target.ts';

const KINDS: readonly (readonly [string, readonly string[], Quirk | undefined])[] = [
  ['hard', HARD_KEYS, undefined],
  ['path-like', PATH_LIKE_KEYS, 'keys-are-paths'],
  ['control-character', CONTROL_KEYS, 'no-control-characters'],
  ['longest', LONGEST_KEYS, 'no-long-keys'],
];

/** Every legal key names exactly one object, on every operation. */
export function keyCases(subject: () => Subject): void {
  describe('keys', () => {
    for (const [kind, keys, quirk] of KINDS) {
      it.for(keys.map((key) => [shown(key), key] as const))(
        `keeps the ${kind} key %s through put, head, get, copy and delete`,
        async ([, Key], context) => {
          if (quirk !== undefined) needs(context, subject(), quirk);
          const { client, bucket: Bucket } = subject();
          await client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
          const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
          expect(head.ContentLength).toBe(Buffer.byteLength(`body of ${Key}`));
          const got = await client.send(new GetObjectCommand({ Bucket, Key }));
          expect(await got.Body?.transformToString()).toBe(`body of ${Key}`);
          const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
          await client.send(new CopyObjectCommand({ Bucket, Key: 'the-copy', CopySource }));
          const copy = await client.send(new GetObjectCommand({ Bucket, Key: 'the-copy' }));
          expect(await copy.Body?.transformToString()).toBe(`body of ${Key}`);
          await client.send(new DeleteObjectCommand({ Bucket, Key }));
          await client.send(new DeleteObjectCommand({ Bucket, Key: 'the-copy' }));
          await expectRefusal(client.send(new GetObjectCommand({ Bucket, Key })), 'NoSuchKey', 404);
        },
      );

      it(`lists the ${kind} keys as they were put, in byte order, encoded`, async (context) => {
        if (quirk !== undefined) needs(context, subject(), quirk);
        const bucket = await subject().newBucket();
        await putAll(subject(), bucket, keys);
        const list = new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url' });
        const { Contents = [], EncodingType } = await subject().client.send(list);
        expect(EncodingType).toBe('url');
        const listed = Contents.map(({ Key = '' }) => decodeListed(Key));
        expect(inByteOrder(listed)).toEqual(inByteOrder(keys));
        needs(context, subject(), 'no-byte-order');
        expect(listed).toEqual(inByteOrder(keys));
      });
    }

    it('refuses a key of 1,025 bytes', async (context) => {
      needs(context, subject(), 'no-long-keys');
      const { client, bucket: Bucket } = subject();
      const put = new PutObjectCommand({ Bucket, Key: 'x'.repeat(1025), Body: 'x' });
      await expectRefusal(client.send(put), 'KeyTooLongError', 400);
    });
  });
}

/** A name for a test: JSON, with what JSON leaves invisible escaped too. */
export function shown(key: string): string {
  const json = JSON.stringify(
    key.length > 60 ? `${key.slice(0, 20)}… (${Buffer.byteLength(key)} bytes)` : key,
  );
  return json.replace(
    /[\u007f\ufffe\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
