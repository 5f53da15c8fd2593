import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, needs, type Subject } from './target.ts';

const BODY = '0123456789';
const ETAG = '"781e5e245d69b566979b86e28d23f2c7"';
const HOUR_MS = 3_600_000;

/** Ranges and conditions. */
export function readingCases(subject: () => Subject): void {
  describe('reading', () => {
    const get = async (more: object) => {
      const command = new GetObjectCommand({ Bucket: subject().bucket, Key: 'digits', ...more });
      const answer = await subject().client.send(command);
      return { ...answer, text: await answer.Body?.transformToString() };
    };
    const put = (Key: string, more: object) =>
      subject().client.send(new PutObjectCommand({ Bucket: subject().bucket, Key, Body: BODY, ...more }));

    beforeAll(() => put('digits', {}));

    it.for([
      ['bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=7-99', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-99', BODY, 'bytes 0-9/10'],
    ] as const)('answers the range %s with %s', async ([Range, text, ContentRange]) => {
      const answer = await get({ Range });
      expect(answer).toMatchObject({ text, ContentRange, ContentLength: text.length, ETag: ETAG });
      expect(answer.$metadata.httpStatusCode).toBe(206);
    });

    it('refuses a range behind the end', async () => {
      await expectRefusal(get({ Range: 'bytes=10-' }), 'InvalidRange', 416);
    });

    it('replaces headers of the answer on request', async (context) => {
      needs(context, subject(), 'no-overrides');
      const answer = await get({ ResponseContentType: 'text/other', ResponseCacheControl: 'no-store' });
      expect(answer).toMatchObject({ ContentType: 'text/other', CacheControl: 'no-store', text: BODY });
    });

    it('reads under conditions that hold', async (context) => {
      const past = new Date(Date.now() - HOUR_MS);
      expect((await get({ IfMatch: ETAG })).text).toBe(BODY);
      expect((await get({ IfNoneMatch: '"other"' })).text).toBe(BODY);
      expect((await get({ IfModifiedSince: past })).text).toBe(BODY);
      needs(context, subject(), 'loose-errors');
      // A matching If-Match outranks the date, as RFC 9110 has it.
      expect((await get({ IfMatch: ETAG, IfUnmodifiedSince: past })).text).toBe(BODY);
    });

    it('answers 304 to those who have it already and 412 to those who meant another', async () => {
      const past = new Date(Date.now() - HOUR_MS);
      await expectRefusal(get({ IfNoneMatch: ETAG }), undefined, 304);
      await expectRefusal(get({ IfModifiedSince: new Date() }), undefined, 304);
      await expectRefusal(get({ IfMatch: '"other"' }), 'PreconditionFailed', 412);
      await expectRefusal(get({ IfUnmodifiedSince: past }), 'PreconditionFailed', 412);
      const head = new HeadObjectCommand({ Bucket: subject().bucket, Key: 'digits', IfNoneMatch: ETAG });
      await expectRefusal(subject().client.send(head), undefined, 304);
    });

    it('lets only the first of several writers in under If-None-Match', async (context) => {
      needs(context, subject(), 'no-write-conditions');
      const writers = ['a', 'b', 'c', 'd'].map((Body) => put('first-wins', { Body, IfNoneMatch: '*' }));
      const outcomes = await Promise.allSettled(writers);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expectRefusal(put('first-wins', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    });

    it('replaces under If-Match only what the writer knows', async (context) => {
      needs(context, subject(), 'no-write-conditions');
      await put('known', {});
      await expectRefusal(put('known', { IfMatch: '"other"' }), 'PreconditionFailed', 412);
      await put('known', { Body: 'new', IfMatch: ETAG });
      await expectRefusal(put('known', { IfMatch: ETAG }), 'PreconditionFailed', 412);
      needs(context, subject(), 'loose-errors');
      await expectRefusal(put('unknown', { IfMatch: ETAG }), 'NoSuchKey', 404);
    });
  });
}
