import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeForm, decodePercent, type RawTarget } from './raw-target.ts';
import { S3Error } from './s3-error.ts';

/** Who signed a request, and for which region. */
export type Signer = { readonly accessKeyId: string; readonly region: string };

export type SignedRequest = {
  readonly method: string;
  readonly target: RawTarget;
  readonly headers: IncomingHttpHeaders;
};

type Claim = {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly timestamp: string;
  readonly payloadHash: string;
  /** Set for a presigned address: how long after the timestamp it is good for. */
  readonly expiresSeconds?: number;
};

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** S3 refuses requests whose clock is further off than this. */
const LARGEST_SKEW_MS = 15 * 60 * 1000;

/**
 * Who claims to have signed, without checking anything; undefined for an anonymous request.
 * @throws {S3Error} when there is an authorization that is none of Signature Version 4
 */
export function claimedSigner(request: SignedRequest): (Signer & { readonly claim: Claim }) | undefined {
  const claim = headerClaim(request) ?? queryClaim(request);
  return claim && { accessKeyId: claim.accessKeyId, region: claim.region, claim };
}

/**
 * Checks the signature of a claim over the raw request.
 * @throws {S3Error} SignatureDoesNotMatch, RequestTimeTooSkewed, AccessDenied (presigned address expired)
 */
export function verifySignature(request: SignedRequest, claim: Claim, secret: string, nowMs: number): void {
  checkTime(claim, nowMs);
  const key = signingKey(secret, claim.date, claim.region, claim.service);
  const given = Buffer.from(claim.signature, 'hex');
  const { rawPath } = request.target;
  for (const path of new Set([rawPath, canonicalPath(rawPath)])) {
    const canonical = canonicalRequest(request, claim, path);
    const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
    const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
    const wanted = createHmac('sha256', key)
      .update(`${ALGORITHM}\n${claim.timestamp}\n${scope}\n${hash}`)
      .digest();
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  }
  throw new S3Error('SignatureDoesNotMatch', { elements: { AWSAccessKeyId: claim.accessKeyId } });
}

function headerClaim({ headers }: SignedRequest): Claim | undefined {
  const authorization = headers.authorization;
  if (authorization === undefined) return undefined;
  if (!authorization.startsWith(ALGORITHM)) {
    throw new S3Error('InvalidRequest', {
      message: 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    });
  }
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const signedHeaders = fields.get('SignedHeaders');
  const signature = fields.get('Signature');
  const scope = credentialScope(fields.get('Credential') ?? '');
  if (scope === undefined || signedHeaders === undefined || signature === undefined) {
    throw new S3Error('AuthorizationHeaderMalformed');
  }
  const timestamp = headers['x-amz-date'] ?? '';
  const payloadHash = headers['x-amz-content-sha256'];
  if (typeof payloadHash !== 'string') {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    });
  }
  return { ...scope, signedHeaders, signature, timestamp: String(timestamp), payloadHash };
}

function queryClaim({ target, headers }: SignedRequest): Claim | undefined {
  const { query } = target;
  const signature = query.get('X-Amz-Signature');
  if (signature === undefined) return undefined;
  const scope = credentialScope(query.get('X-Amz-Credential') ?? '');
  const signedHeaders = query.get('X-Amz-SignedHeaders');
  const expiresSeconds = Number(query.get('X-Amz-Expires') ?? '');
  if (query.get('X-Amz-Algorithm') !== ALGORITHM || scope === undefined || signedHeaders === undefined) {
    throw new S3Error('AuthorizationQueryParametersError');
  }
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > 604_800) {
    throw new S3Error('AuthorizationQueryParametersError', {
      message: 'X-Amz-Expires must be between 1 and 604800 seconds',
    });
  }
  const hashHeader = headers['x-amz-content-sha256'];
  const payloadHash =
    query.get('X-Amz-Content-Sha256') ?? (typeof hashHeader === 'string' ? hashHeader : 'UNSIGNED-PAYLOAD');
  const timestamp = query.get('X-Amz-Date') ?? '';
  return { ...scope, signedHeaders, signature, timestamp, payloadHash, expiresSeconds };
}

function credentialScope(
  credential: string,
): Pick<Claim, 'accessKeyId' | 'date' | 'region' | 'service'> | undefined {
  const fields = credential.split('/');
  const [date, region, service, end] = fields.slice(-4);
  const accessKeyId = fields.slice(0, -4).join('/');
  if (
    accessKeyId === '' ||
    !date ||
    region === undefined ||
    service === undefined ||
    end !== 'aws4_request'
  ) {
    return undefined;
  }
  return { accessKeyId, date, region, service };
}

function checkTime(claim: Claim, nowMs: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.timestamp)?.slice(1).map(Number);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts ?? [];
  if (parts === undefined || !claim.timestamp.startsWith(claim.date)) {
    throw new S3Error('AccessDenied', {
      message: 'AWS authentication requires a valid Date or x-amz-date header',
    });
  }
  const signedAtMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (claim.expiresSeconds !== undefined) {
    if (nowMs > signedAtMs + claim.expiresSeconds * 1000) {
      throw new S3Error('AccessDenied', { message: 'Request has expired' });
    }
    if (signedAtMs - nowMs <= LARGEST_SKEW_MS) return;
  }
  if (Math.abs(nowMs - signedAtMs) > LARGEST_SKEW_MS) throw new S3Error('RequestTimeTooSkewed');
}

const signingKeys = new Map<string, Buffer>();

function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const name = `${secret}\n${date}\n${region}\n${service}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const step of [date, region, service, 'aws4_request']) {
    key = createHmac('sha256', key).update(step).digest();
  }
  if (signingKeys.size > 100) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

function canonicalRequest({ method, target, headers }: SignedRequest, claim: Claim, path: string): string {
  let lines = '';
  for (const name of claim.signedHeaders.split(';')) {
    const value = headers[name];
    const text = Array.isArray(value) ? value.join(',') : (value ?? '');
    lines += `${name}:${text.trim().replace(/ {2,}/g, ' ')}\n`;
  }
  const query = canonicalQuery(target.rawQuery);
  return `${method}\n${path}\n${query}\n${lines}\n${claim.signedHeaders}\n${claim.payloadHash}`;
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  const pairs: [string, string][] = [];
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = encodeStrictly(decodeForm(equals === -1 ? pair : pair.slice(0, equals)));
    if (name === 'X-Amz-Signature') continue;
    pairs.push([name, equals === -1 ? '' : encodeStrictly(decodeForm(pair.slice(equals + 1)))]);
  }
  // Encoded names and values are ASCII, where comparing code units is comparing bytes.
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** The path as a client would have signed it that encodes more, or less, than it sends. */
function canonicalPath(rawPath: string): string {
  return rawPath
    .split('/')
    .map((segment) => encodeStrictly(decodePercent(segment)))
    .join('/');
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
