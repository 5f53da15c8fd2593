import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { expectRefusal, needs, putAll, type Subject } from './target.ts';

const DESCRIBED = {
  ContentType: 'image/x-drover',
  ContentEncoding: 'br',
  ContentLanguage: 'de-CH, rm',
  ContentDisposition: 'attachment; filename="a b.bin"',
  CacheControl: 'max-age=60, must-revalidate',
  Metadata: { mtime: '1700000000.123456789', team: 'media & more' },
} as const;

/** What is remembered of an object and how it is changed. */
export function objectCases(subject: () => Subject): void {
  describe('objects', () => {
    const put = (Key: string, more: object = {}) =>
      subject().client.send(
        new PutObjectCommand({ Bucket: subject().bucket, Key, Body: 'content', ...more }),
      );
    const head = (Key: string, more: object = {}) =>
      subject().client.send(new HeadObjectCommand({ Bucket: subject().bucket, Key, ...more }));
    const tagsOf = async (Key: string) => {
      const answer = await subject().client.send(
        new GetObjectTaggingCommand({ Bucket: subject().bucket, Key }),
      );
      return Object.fromEntries((answer.TagSet ?? []).map((tag) => [tag.Key, tag.Value]));
    };

    it('gives headers and metadata back on GET and HEAD as they were put', async () => {
      await put('described', { ...DESCRIBED, Expires: new Date('2031-02-03T04:05:06Z') });
      const got = await subject().client.send(
        new GetObjectCommand({ Bucket: subject().bucket, Key: 'described' }),
      );
      expect(await got.Body?.transformToString()).toBe('content');
      for (const answer of [got, await head('described')]) {
        expect(answer).toMatchObject(DESCRIBED);
        expect(answer.ExpiresString).toBe('Mon, 03 Feb 2031 04:05:06 GMT');
        expect(answer.ETag).toBe('"9a0364b9e99bb480dd25e1f0284c8555"');
        expect(answer.ContentLength).toBe(7);
      }
    });

    it('keeps metadata and tags that have no value', async (context) => {
      needs(context, subject(), 'no-empty-values');
      await put('valueless', { Metadata: { empty: '' }, Tagging: 'empty=&bare' });
      expect((await head('valueless')).Metadata).toEqual({ empty: '' });
      expect(await tagsOf('valueless')).toEqual({ empty: '', bare: '' });
    });

    it('keeps an empty object', async () => {
      await put('empty', { Body: '' });
      const got = await subject().client.send(
        new GetObjectCommand({ Bucket: subject().bucket, Key: 'empty' }),
      );
      expect(await got.Body?.transformToString()).toBe('');
      expect((await head('empty')).ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
    });

    it('replaces an object and everything that was said of it', async () => {
      await put('twice', { Metadata: { first: 'yes' }, Tagging: 'a=1', ContentType: 'text/one' });
      await put('twice', { Body: 'second', ContentType: 'text/two' });
      const now = await head('twice');
      expect([now.ContentLength, now.ContentType, now.Metadata]).toEqual([6, 'text/two', {}]);
      expect(await tagsOf('twice')).toEqual({});
    });

    it('keeps a storage class and shows it on HEAD and in listings', async (context) => {
      needs(context, subject(), 'no-archive');
      await put('rare', { StorageClass: 'STANDARD_IA' });
      expect((await head('rare')).StorageClass).toBe('STANDARD_IA');
      expect((await head('described')).StorageClass).toBeUndefined();
      const list = new ListObjectsV2Command({ Bucket: subject().bucket, Prefix: 'rare' });
      expect((await subject().client.send(list)).Contents?.[0]?.StorageClass).toBe('STANDARD_IA');
    });

    it('refuses to read what is archived', async (context) => {
      needs(context, subject(), 'no-archive');
      await put('frozen', { StorageClass: 'DEEP_ARCHIVE' });
      expect((await head('frozen')).StorageClass).toBe('DEEP_ARCHIVE');
      const get = new GetObjectCommand({ Bucket: subject().bucket, Key: 'frozen' });
      await expectRefusal(subject().client.send(get), 'InvalidObjectState', 403);
    });

    it('keeps tags given with an object, replaces them as a set, and forgets them', async () => {
      const address = { Bucket: subject().bucket, Key: 'tagged' };
      await put('tagged', { Tagging: 'team=media%20%2B%20more&kind=raw' });
      expect(await tagsOf('tagged')).toEqual({ team: 'media + more', kind: 'raw' });
      const got = await subject().client.send(new GetObjectCommand(address));
      await got.Body?.transformToString();
      expect(got.TagCount).toBe(2);
      const TagSet = [{ Key: 'äöü', Value: 'a/b:c@d' }];
      await subject().client.send(new PutObjectTaggingCommand({ ...address, Tagging: { TagSet } }));
      expect(await tagsOf('tagged')).toEqual({ äöü: 'a/b:c@d' });
      await subject().client.send(new DeleteObjectTaggingCommand(address));
      expect(await tagsOf('tagged')).toEqual({});
    });

    it('refuses more tags than ten, and tags with signs that tags may not have', async (context) => {
      needs(context, subject(), 'loose-errors');
      const tags = Array.from({ length: 11 }, (_, n) => `k${n}=v`).join('&');
      await expectRefusal(put('over-tagged', { Tagging: tags }), 'InvalidTag', 400);
      await expectRefusal(put('over-tagged', { Tagging: 'a=%26' }), 'InvalidTag', 400);
    });

    it('copies bytes, metadata and tags, or takes the new ones', async () => {
      const { client, bucket: Bucket } = subject();
      await put('original', { ...DESCRIBED, Tagging: 'a=1' });
      const CopySource = `${Bucket}/original`;
      const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource }));
      expect(copied.CopyObjectResult?.ETag).toContain('9a0364b9e99bb480dd25e1f0284c8555');
      expect(await head('same')).toMatchObject(DESCRIBED);
      expect(await tagsOf('same')).toEqual({ a: '1' });
      const changes = {
        MetadataDirective: 'REPLACE',
        Metadata: { new: 'yes' },
        ContentType: 'text/new',
      } as const;
      const tags = { TaggingDirective: 'REPLACE', Tagging: 'b=2' } as const;
      await client.send(new CopyObjectCommand({ Bucket, Key: 'changed', CopySource, ...changes, ...tags }));
      expect(await head('changed')).toMatchObject({ Metadata: { new: 'yes' }, ContentType: 'text/new' });
      expect((await head('changed')).CacheControl).toBeUndefined();
      expect(await tagsOf('changed')).toEqual({ b: '2' });
    });

    it('refuses a copy onto itself that changes nothing, and one of what is not there', async (context) => {
      const { client, bucket: Bucket } = subject();
      const copy = (Key: string) =>
        new CopyObjectCommand({ Bucket, Key: 'original-2', CopySource: `${Bucket}/${Key}` });
      await put('original-2');
      await expectRefusal(client.send(copy('not-there')), 'NoSuchKey', 404);
      needs(context, subject(), 'loose-errors');
      await expectRefusal(client.send(copy('original-2')), 'InvalidRequest', 400);
    });

    it('deletes many at once and does not mind those that never were', async () => {
      const Bucket = await subject().newBucket();
      const keys = Array.from({ length: 30 }, (_, n) => `gone/${n} & co <${n}>`);
      await putAll(subject(), Bucket, keys);
      const Objects = [...keys.slice(1), 'never-was'].map((Key) => ({ Key }));
      const answer = await subject().client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      expect(answer.Errors ?? []).toEqual([]);
      expect(answer.Deleted?.map(({ Key }) => Key).sort()).toEqual(Objects.map(({ Key }) => Key).sort());
      const left = await subject().client.send(new ListObjectsV2Command({ Bucket }));
      expect(left.Contents?.map(({ Key }) => Key)).toEqual([keys[0]]);
    });

    it('answers the deletion of nothing as a deletion', async () => {
      const gone = new DeleteObjectCommand({ Bucket: subject().bucket, Key: 'never-was' });
      expect((await subject().client.send(gone)).$metadata.httpStatusCode).toBe(204);
    });

    it('refuses a body that does not match its digest', async (context) => {
      needs(context, subject(), 'no-digest-checks');
      const md5OfNothing = '1B2M2Y8AsgTpgAmY7PhCfg==';
      await expectRefusal(put('damaged', { ContentMD5: md5OfNothing }), 'BadDigest', 400);
      await expectRefusal(put('damaged', { ChecksumCRC32: 'AAAAAA==' }), 'BadDigest', 400);
      const sha256OfNothing = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
      await expectRefusal(put('damaged', { ChecksumSHA256: sha256OfNothing }), 'BadDigest', 400);
      await expectRefusal(head('damaged'), 'NotFound', 404);
      needs(context, subject(), 'loose-errors');
      await expectRefusal(put('damaged', { ContentMD5: 'bm9uZQ==' }), 'InvalidDigest', 400);
    });

    it('gives the checksum back that the client stored', async (context) => {
      needs(context, subject(), 'no-digest-checks');
      await put('summed', { ChecksumAlgorithm: 'SHA256' });
      const answer = await head('summed', { ChecksumMode: 'ENABLED' });
      expect(answer.ChecksumSHA256).toBe('7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M=');
    });
  });
}
