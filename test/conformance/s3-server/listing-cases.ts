import {
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, inByteOrder, needs, putAll, type Subject } from './target.ts';

const FOLDERED = [
  'a/1',
  'a/2',
  'a/3',
  'b',
  'b-side/1',
  'c/1',
  'c/d/1',
  'c/d/2',
  'd',
  'e/1',
  '\ufffd/1',
  '\u{1f600}/1',
];

/** Pages, order, roll-up and where listings may start. */
export function listingCases(subject: () => Subject): void {
  describe('listing', () => {
    const many = Array.from({ length: 1_040 }, (_, n) => `key-${String(n).padStart(5, '0')}`);
    let manyBucket = '';
    let folders = '';

    beforeAll(async () => {
      manyBucket = await subject().newBucket();
      folders = await subject().newBucket();
      await putAll(subject(), manyBucket, many);
      await putAll(subject(), folders, FOLDERED);
    });

    /** Everything a listing shows, page by page. */
    const walkV2 = async (input: ListObjectsV2CommandInput) => {
      const pages: string[][] = [];
      let ContinuationToken: string | undefined;
      do {
        const command = new ListObjectsV2Command({ ...input, ContinuationToken });
        const page = await subject().client.send(command);
        const keys = (page.Contents ?? []).map(({ Key = '' }) => Key);
        const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix);
        expect(page.KeyCount).toBe(keys.length + prefixes.length);
        expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
        pages.push(inByteOrder([...keys, ...prefixes]));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return pages;
    };

    it('gives 1,040 keys in pages of 1,000 and 40', async () => {
      const pages = await walkV2({ Bucket: manyBucket });
      expect(pages.map((page) => page.length)).toEqual([1_000, 40]);
      expect(pages.flat()).toEqual(many);
    });

    it('gives no more than 1,000 keys in a page, whatever was asked for', async (context) => {
      needs(context, subject(), 'long-pages');
      const pages = await walkV2({ Bucket: manyBucket, MaxKeys: 5_000 });
      expect(pages.map((page) => page.length)).toEqual([1_000, 40]);
    });

    it('says nothing of a next page when the last one is exactly full', async () => {
      const last = await subject().client.send(
        new ListObjectsV2Command({ Bucket: manyBucket, StartAfter: many[1_029], MaxKeys: 10 }),
      );
      expect(last.Contents?.map(({ Key }) => Key)).toEqual(many.slice(1_030));
      expect(last.IsTruncated).toBe(false);
      expect(last.NextContinuationToken).toBeUndefined();
    });

    it('pages by marker in the first version of the listing', async () => {
      const keys: (string | undefined)[] = [];
      let truncated = true;
      while (truncated) {
        const Marker = keys.at(-1);
        const page = await subject().client.send(
          new ListObjectsCommand({ Bucket: manyBucket, Marker, MaxKeys: 617 }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
        truncated = page.IsTruncated === true;
      }
      expect(keys).toEqual(many);
    });

    it('starts after a key that exists, after one that does not, and after the last', async () => {
      const listed = async (StartAfter: string) =>
        (await walkV2({ Bucket: manyBucket, StartAfter, MaxKeys: 1_000 })).flat();
      expect(await listed('key-01000')).toEqual(many.slice(1_001));
      expect(await listed('key-01000-')).toEqual(many.slice(1_001));
      expect(await listed('key-010')).toEqual(many.slice(1_000));
      expect(await listed('zzz')).toEqual([]);
    });

    it('orders keys by their UTF-8 bytes: an astral character comes after U+FFFD', async (context) => {
      needs(context, subject(), 'no-byte-order');
      const page = await subject().client.send(
        new ListObjectsV2Command({ Bucket: folders, StartAfter: 'e' }),
      );
      expect(page.Contents?.map(({ Key }) => Key)).toEqual(['e/1', '\ufffd/1', '\u{1f600}/1']);
      const after = await walkV2({ Bucket: folders, StartAfter: '\ufffd/1' });
      expect(after.flat()).toEqual(['\u{1f600}/1']);
    });

    it('lists what starts with a prefix, and no more', async () => {
      expect((await walkV2({ Bucket: folders, Prefix: 'b' })).flat()).toEqual(['b', 'b-side/1']);
      expect((await walkV2({ Bucket: folders, Prefix: 'c/d/' })).flat()).toEqual(['c/d/1', 'c/d/2']);
      expect((await walkV2({ Bucket: folders, Prefix: 'nothing' })).flat()).toEqual([]);
    });

    it('rolls folders up, and counts each as one key of a page', async (context) => {
      needs(context, subject(), 'no-common-prefix-paging', 'no-byte-order');
      const wanted = ['a/', 'b', 'b-side/', 'c/', 'd', 'e/', '\ufffd/', '\u{1f600}/'];
      for (const MaxKeys of [1, 2, 3, 7, 8, 1_000]) {
        const pages = await walkV2({ Bucket: folders, Delimiter: '/', MaxKeys });
        expect(pages.flat()).toEqual(wanted);
        expect(pages.length).toBe(Math.ceil(wanted.length / MaxKeys));
      }
      const inside = await walkV2({ Bucket: folders, Delimiter: '/', Prefix: 'c/' });
      expect(inside.flat()).toEqual(['c/1', 'c/d/']);
    });

    it('rolls up by a delimiter of several characters, and of one that no key has', async () => {
      const dashed = await walkV2({ Bucket: manyBucket, Delimiter: '-0', Prefix: 'key' });
      expect(dashed.flat()).toEqual(['key-0']);
      expect((await walkV2({ Bucket: folders, Delimiter: '|' })).flat()).toEqual(inByteOrder(FOLDERED));
    });

    it('shows a folder when the listing starts inside of it', async (context) => {
      needs(context, subject(), 'no-common-prefix-paging');
      const page = await walkV2({
        Bucket: folders,
        Delimiter: '/',
        StartAfter: 'a/2',
        Prefix: '',
        MaxKeys: 2,
      });
      expect(page[0]).toEqual(['a/', 'b']);
    });

    it('does not show a folder again after a marker that is the folder', async (context) => {
      needs(context, subject(), 'no-common-prefix-paging');
      const first = await subject().client.send(
        new ListObjectsCommand({ Bucket: folders, Delimiter: '/', MaxKeys: 1 }),
      );
      expect(first.NextMarker).toBe('a/');
      const next = new ListObjectsCommand({
        Bucket: folders,
        Delimiter: '/',
        MaxKeys: 2,
        Marker: first.NextMarker,
      });
      const second = await subject().client.send(next);
      expect(second.Contents?.map(({ Key }) => Key)).toEqual(['b']);
      expect(second.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b-side/']);
    });

    it('shows size, ETag, whole-second date and storage class of each object', async () => {
      const { Contents = [] } = await subject().client.send(
        new ListObjectsV2Command({ Bucket: folders, MaxKeys: 1 }),
      );
      const [first] = Contents;
      expect(first).toMatchObject({
        Key: 'a/1',
        Size: 3,
        ETag: '"32a390517fcc6e43df5fc5f2c94699e1"',
        StorageClass: 'STANDARD',
      });
      expect(first?.LastModified?.getMilliseconds()).toBe(0);
      expect(Date.now() - (first?.LastModified?.getTime() ?? 0)).toBeLessThan(600_000);
    });

    it('names its buckets', async () => {
      const { Buckets = [] } = await subject().client.send(new ListBucketsCommand({}));
      expect(Buckets.map(({ Name }) => Name)).toEqual(expect.arrayContaining([manyBucket, folders]));
    });

    it('gives an empty page that claims no next one for max-keys 0', async (context) => {
      needs(context, subject(), 'loose-errors');
      const page = await subject().client.send(new ListObjectsV2Command({ Bucket: folders, MaxKeys: 0 }));
      expect([page.KeyCount, page.IsTruncated, page.Contents]).toEqual([0, false, undefined]);
    });

    it('refuses a negative page size and a token it never gave', async (context) => {
      needs(context, subject(), 'loose-errors');
      const send = (input: Omit<ListObjectsV2CommandInput, 'Bucket'>) =>
        subject().client.send(new ListObjectsV2Command({ Bucket: folders, ...input }));
      await expectRefusal(send({ MaxKeys: -1 }), 'InvalidArgument', 400);
      await expectRefusal(send({ ContinuationToken: 'made-up' }), 'InvalidArgument', 400);
    });
  });
}
