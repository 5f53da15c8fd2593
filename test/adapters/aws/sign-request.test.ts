import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalQuery,
  emptyPayloadHash,
  pathOfKey,
  requestSigner,
  type UnsignedRequest,
} from '../../../adapters/aws/sign-request.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';
import { Sha256 } from '../../support/sha256.ts';

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const region = 'us-east-1';
const host = 'examplebucket.s3.amazonaws.com';
const day = Date.UTC(2013, 4, 24);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function signatureOf(request: Partial<UnsignedRequest>): string | undefined {
  const headers = { ...request.headers, host };
  const whole = { method: 'GET', path: '/', query: '', payloadHash: emptyPayloadHash, ...request, headers };
  requestSigner(credentials, { region })(whole, day);
  return /Signature=([0-9a-f]{64})$/.exec((headers as Record<string, string>).authorization ?? '')?.[1];
}

describe('the signature of a request is that of the examples of the Amazon S3 API reference', () => {
  it.each([
    [
      'GET of an object by range',
      { path: pathOfKey('/test.txt'), headers: { range: 'bytes=0-9' } },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT of an object',
      {
        method: 'PUT',
        path: pathOfKey('/test$file.text'),
        headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        payloadHash: sha256('Welcome to Amazon S3.'),
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET of the lifecycle',
      { query: canonicalQuery({ lifecycle: '' }) },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET of a listing',
      { query: canonicalQuery({ 'max-keys': '2', prefix: 'J' }) },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_, request, signature) => {
    expect(signatureOf(request)).toBe(signature);
  });
});

/** Code units that have a form in UTF-8, in pairs where they need one. */
const text = fc.string({ unit: 'binary' });
const value = fc.string({
  unit: fc.constantFrom('a', ' ', '  ', '\t', 'é', 'Ω', '/', '"', '%41', ',', '\u{1f600}'),
});
const name = fc.constantFrom(
  'content-type',
  'x-amz-meta-a',
  'x-amz-meta-b',
  'cache-control',
  'if-match',
  'content-md5',
);

/** The request as the SDK signs it. */
async function signedBySdk(
  request: UnsignedRequest,
  ofWhom: typeof credentials,
  nowMs: number,
  query: object,
) {
  const signer = new SignatureV4({
    credentials: ofWhom,
    region: 'eu-central-1',
    service: 's3',
    uriEscapePath: false,
    sha256: Sha256,
  });
  const { method, path, headers, payloadHash } = request;
  return signer.sign(
    {
      method,
      protocol: 'https:',
      hostname: 'h',
      path,
      query: { ...query },
      headers: { ...headers, 'x-amz-content-sha256': payloadHash },
    },
    { signingDate: new Date(nowMs) },
  );
}

describe('a request is signed as the SDK signs it', () => {
  it('whatever the key, the query, the headers, the time and the credentials are', async () => {
    const requests = fc.record({
      key: text,
      query: fc.dictionary(
        fc.constantFrom('prefix', 'start-after', 'list-type', 'tagging', 'max-keys'),
        text,
      ),
      headers: fc.dictionary(name, value),
      secretAccessKey: fc.string({ minLength: 1 }),
      sessionToken: fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), { nil: undefined }),
      times: fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ key, query, headers, secretAccessKey, sessionToken, times }) => {
        const ofWhom = {
          accessKeyId: 'AKID',
          secretAccessKey,
          ...(sessionToken === undefined ? {} : { sessionToken }),
        };
        const sign = requestSigner(ofWhom, { region: 'eu-central-1' });
        for (const nowMs of times) {
          const path = `/bucket/${pathOfKey(key)}`;
          const request = {
            method: 'PUT',
            path,
            query: canonicalQuery(query),
            payloadHash: emptyPayloadHash,
          };
          const own = { ...request, headers: { ...headers, host: 'h:9000' } as Record<string, string> };
          const theirs = await signedBySdk({ ...own, headers: { ...own.headers } }, ofWhom, nowMs, query);
          sign(own, nowMs);
          expect(own.headers).toEqual(theirs.headers);
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});

describe('a key in a path', () => {
  it('comes out as the same bytes, and only slashes stand for themselves', () => {
    for (const key of hardKeys) {
      const path = pathOfKey(key);
      expect(path).toMatch(/^[A-Za-z0-9._~/%-]*$/);
      expect(decodeURIComponent(path)).toBe(key);
      expect(path.split('/')).toHaveLength(key.split('/').length);
    }
  });
});
