import {
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { clientFor, expectRefusal, needs, type Subject } from './target.ts';

/** What a server says no to, and by which code. */
export function refusalCases(subject: () => Subject): void {
  describe('refusals', () => {
    it('names what is missing: bucket, key, upload', async () => {
      const { client, bucket: Bucket } = subject();
      const nowhere = { Bucket: `${subject().bucket}-that-never-was` };
      await expectRefusal(client.send(new ListObjectsV2Command(nowhere)), 'NoSuchBucket', 404);
      await expectRefusal(client.send(new GetObjectCommand({ ...nowhere, Key: 'x' })), 'NoSuchBucket', 404);
      await expectRefusal(client.send(new GetObjectCommand({ Bucket, Key: 'never-was' })), 'NoSuchKey', 404);
      const parts = new ListPartsCommand({ Bucket, Key: 'x', UploadId: 'never-was' });
      await expectRefusal(client.send(parts), 'NoSuchUpload', 404);
    });

    it('answers HEAD of what is missing without a word', async () => {
      const { client, bucket: Bucket } = subject();
      await expectRefusal(client.send(new HeadObjectCommand({ Bucket, Key: 'never-was' })), 'NotFound', 404);
      await expectRefusal(client.send(new HeadBucketCommand({ Bucket: `${Bucket}-no` })), 'NotFound', 404);
      await client.send(new HeadBucketCommand({ Bucket }));
      await client.send(new GetBucketLocationCommand({ Bucket }));
    });

    it('does not put into a bucket that is not there', async (context) => {
      needs(context, subject(), 'loose-errors');
      const put = new PutObjectCommand({ Bucket: `${subject().bucket}-no`, Key: 'x', Body: 'x' });
      await expectRefusal(subject().client.send(put), 'NoSuchBucket', 404);
    });

    it('does not delete a bucket that holds something', async (context) => {
      needs(context, subject(), 'loose-errors');
      const Bucket = await subject().newBucket();
      await subject().client.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }));
      await expectRefusal(subject().client.send(new DeleteBucketCommand({ Bucket })), 'BucketNotEmpty', 409);
    });

    it('lets in nobody with a wrong key, a wrong secret or no signature', async (context) => {
      needs(context, subject(), 'no-access-check');
      const { target, bucket: Bucket } = subject();
      const list = (changes: object) => {
        const client = clientFor(target, changes);
        return client.send(new ListObjectsV2Command({ Bucket })).finally(() => client.destroy());
      };
      await expectRefusal(list({ accessKeyId: 'AKIANOBODY' }), 'InvalidAccessKeyId', 403);
      await expectRefusal(list({ secretAccessKey: 'not-the-secret' }), 'SignatureDoesNotMatch', 403);
      const anonymous = await fetch(`${target.endpoint}/${Bucket}`);
      expect([anonymous.status, await anonymous.text()]).toEqual([
        403,
        expect.stringContaining('AccessDenied'),
      ]);
    });
  });
}
