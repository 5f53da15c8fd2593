import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { expectRefusal, needs, type Subject } from './target.ts';

const PART_BYTES = 5 * 1024 * 1024;
const md5 = (...bytes: readonly Uint8Array[]) => {
  const hash = createHash('md5');
  for (const one of bytes) hash.update(one);
  return hash.digest();
};

/** Objects that arrive in parts. */
export function multipartCases(subject: () => Subject): void {
  describe('multipart uploads', () => {
    const first = Buffer.alloc(PART_BYTES, 'first part ');
    const second = Buffer.from('the end');
    const address = (Key: string) => ({ Bucket: subject().bucket, Key });
    const create = async (Key: string, more: object = {}) => {
      const command = new CreateMultipartUploadCommand({ ...address(Key), ...more });
      return (await subject().client.send(command)).UploadId ?? '';
    };
    const upload = async (Key: string, UploadId: string, PartNumber: number, Body: Uint8Array) => {
      const command = new UploadPartCommand({ ...address(Key), UploadId, PartNumber, Body });
      return { PartNumber, ETag: (await subject().client.send(command)).ETag };
    };
    const complete = (
      Key: string,
      UploadId: string,
      Parts: { PartNumber: number; ETag?: string | undefined }[],
    ) =>
      subject().client.send(
        new CompleteMultipartUploadCommand({ ...address(Key), UploadId, MultipartUpload: { Parts } }),
      );
    const absent = (Key: string) =>
      expectRefusal(subject().client.send(new HeadObjectCommand(address(Key))), 'NotFound', 404);

    it('joins parts in the order of their numbers, with headers, tags and an ETag that counts them', async () => {
      const about = { ContentType: 'x/y', Metadata: { m: '1' }, Tagging: 't=1' };
      const UploadId = await create('parts-joined', about);
      const last = await upload('parts-joined', UploadId, 7, second);
      const begin = await upload('parts-joined', UploadId, 2, first);
      await absent('parts-joined');
      const done = await complete('parts-joined', UploadId, [begin, last]);
      const etag = `"${md5(md5(first), md5(second)).toString('hex')}-2"`;
      expect(done.ETag).toBe(etag);
      const got = await subject().client.send(new GetObjectCommand(address('parts-joined')));
      expect(got).toMatchObject({ ETag: etag, ContentType: 'x/y', Metadata: { m: '1' } });
      const bytes = await got.Body?.transformToByteArray();
      expect(md5(bytes ?? first)).toEqual(md5(first, second));
      const tags = await subject().client.send(new GetObjectTaggingCommand(address('parts-joined')));
      expect(tags.TagSet).toEqual([{ Key: 't', Value: '1' }]);
    });

    it('reads ranges across the seam of two parts', async () => {
      const Range = `bytes=${PART_BYTES - 3}-${PART_BYTES + 2}`;
      const got = await subject().client.send(new GetObjectCommand({ ...address('parts-joined'), Range }));
      const seam = Buffer.concat([first.subarray(-3), second.subarray(0, 3)]).toString();
      expect(await got.Body?.transformToString()).toBe(seam);
    });

    it('takes a part again, and the later one counts', async () => {
      const UploadId = await create('retaken');
      await upload('retaken', UploadId, 1, Buffer.from('mistake'));
      const again = await upload('retaken', UploadId, 1, second);
      await complete('retaken', UploadId, [again]);
      const got = await subject().client.send(new GetObjectCommand(address('retaken')));
      expect(await got.Body?.transformToString()).toBe('the end');
    });

    it('copies parts out of an object', async () => {
      const UploadId = await create('patched');
      const CopySource = `${subject().bucket}/parts-joined`;
      const copy = async (PartNumber: number, CopySourceRange: string) => {
        const command = new UploadPartCopyCommand({
          ...address('patched'),
          UploadId,
          PartNumber,
          CopySource,
          CopySourceRange,
        });
        return { PartNumber, ETag: (await subject().client.send(command)).CopyPartResult?.ETag };
      };
      const parts = [
        await copy(1, `bytes=0-${PART_BYTES - 1}`),
        await copy(2, `bytes=${PART_BYTES}-${PART_BYTES + 2}`),
      ];
      await complete('patched', UploadId, parts);
      const got = await subject().client.send(
        new GetObjectCommand({ ...address('patched'), Range: 'bytes=-5' }),
      );
      expect(await got.Body?.transformToString()).toBe(`${first.subarray(-2).toString()}the`);
    });

    it('forgets an aborted upload', async (context) => {
      const UploadId = await create('aborted');
      const part = await upload('aborted', UploadId, 1, second);
      await subject().client.send(new AbortMultipartUploadCommand({ ...address('aborted'), UploadId }));
      await absent('aborted');
      needs(context, subject(), 'loose-errors');
      await expectRefusal(complete('aborted', UploadId, [part]), 'NoSuchUpload', 404);
      await expectRefusal(upload('aborted', UploadId, 2, second), 'NoSuchUpload', 404);
    });

    it('refuses parts that were never uploaded or are not what was uploaded', async (context) => {
      needs(context, subject(), 'no-part-checks');
      const UploadId = await create('wrong');
      const part = await upload('wrong', UploadId, 1, second);
      await expectRefusal(
        complete('wrong', UploadId, [part, { PartNumber: 2, ETag: part.ETag }]),
        'InvalidPart',
        400,
      );
      const other = `"${md5(first).toString('hex')}"`;
      await expectRefusal(complete('wrong', UploadId, [{ PartNumber: 1, ETag: other }]), 'InvalidPart', 400);
      await absent('wrong');
      await complete('wrong', UploadId, [part]);
    });

    it('refuses parts out of order, and small ones before the last', async (context) => {
      needs(context, subject(), 'no-part-checks');
      const UploadId = await create('misshapen');
      const parts = [
        await upload('misshapen', UploadId, 1, second),
        await upload('misshapen', UploadId, 2, second),
      ];
      await expectRefusal(complete('misshapen', UploadId, parts.toReversed()), 'InvalidPartOrder', 400);
      await expectRefusal(complete('misshapen', UploadId, parts), 'EntityTooSmall', 400);
      await subject().client.send(new AbortMultipartUploadCommand({ ...address('misshapen'), UploadId }));
    });

    it('refuses to replace under If-None-Match when it completes', async (context) => {
      needs(context, subject(), 'no-write-conditions');
      await subject().client.send(new PutObjectCommand({ ...address('taken'), Body: 'here first' }));
      const UploadId = await create('taken');
      const part = await upload('taken', UploadId, 1, second);
      const MultipartUpload = { Parts: [part] };
      const late = new CompleteMultipartUploadCommand({
        ...address('taken'),
        UploadId,
        MultipartUpload,
        IfNoneMatch: '*',
      });
      await expectRefusal(subject().client.send(late), 'PreconditionFailed', 412);
    });

    it('lists the parts of an upload page by page', async (context) => {
      needs(context, subject(), 'no-upload-listing');
      const UploadId = await create('listed');
      for (const number of [3, 1, 2]) await upload('listed', UploadId, number, Buffer.from(`part ${number}`));
      const page = (more: object) =>
        subject().client.send(new ListPartsCommand({ ...address('listed'), UploadId, ...more }));
      const one = await page({ MaxParts: 2 });
      expect(one.Parts?.map((part) => [part.PartNumber, part.Size])).toEqual([
        [1, 6],
        [2, 6],
      ]);
      expect([one.IsTruncated, one.NextPartNumberMarker]).toEqual([true, '2']);
      const two = await page({ PartNumberMarker: '2' });
      expect(two.Parts?.map((part) => part.ETag)).toEqual([
        `"${md5(Buffer.from('part 3')).toString('hex')}"`,
      ]);
      expect(two.IsTruncated).toBe(false);
      await subject().client.send(new AbortMultipartUploadCommand({ ...address('listed'), UploadId }));
    });

    it('lists open uploads by key and age, and not the finished ones', async (context) => {
      needs(context, subject(), 'no-upload-listing');
      const Prefix = 'open/';
      const ids = [
        await create('open/b'),
        await create('open/a'),
        await create('open/b'),
        await create('open/\u{1f600}'),
      ];
      const page = (more: object) =>
        subject().client.send(new ListMultipartUploadsCommand({ Bucket: subject().bucket, Prefix, ...more }));
      const all = (await page({})).Uploads?.map(({ Key, UploadId }) => [Key, UploadId]);
      const wanted = [
        ['open/a', ids[1]],
        ['open/b', ids[0]],
        ['open/b', ids[2]],
        ['open/\u{1f600}', ids[3]],
      ];
      expect(all).toEqual(wanted);
      const one = await page({ MaxUploads: 2 });
      expect([one.IsTruncated, one.NextKeyMarker, one.NextUploadIdMarker]).toEqual([true, 'open/b', ids[0]]);
      const two = await page({ KeyMarker: one.NextKeyMarker, UploadIdMarker: one.NextUploadIdMarker });
      expect(two.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual(wanted.slice(2));
      for (const [Key, UploadId] of wanted) {
        const abort = { Bucket: subject().bucket, Key, UploadId };
        await subject().client.send(new AbortMultipartUploadCommand(abort));
      }
      expect((await page({})).Uploads).toBeUndefined();
    });
  });
}
