import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

/** What a signature is made with. */
export type SigningCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

/** A request as it goes out, without its signature. */
export type UnsignedRequest = {
  method: string;
  /** As on the wire: S3 signs the path as it is sent, and resolves nothing in it. */
  path: string;
  /** In canonical form (see `canonicalQuery`); empty where there is none. */
  query: string;
  /** By lower-case name, `host` among them. Values are text; their UTF-8 is signed. */
  headers: Record<string, string>;
  /** SHA-256 of the body in hex, or `unsignedPayload`. */
  payloadHash: string;
};

/** Stands for the hash of a body that is not part of the signature. */
export const unsignedPayload = 'UNSIGNED-PAYLOAD';

/** SHA-256 of no bytes, in hex. */
export const emptyPayloadHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What proxies change on the way, and what is no concern of the store. The SDK leaves out the same. */
const unsigned = new Set([
  'authorization',
  'accept-encoding',
  'cache-control',
  'connection',
  'expect',
  'user-agent',
]);

const shortDateLength = 'YYYYMMDD'.length;

/** Adds to a request's headers what signs it, as of this time. */
export type SignRequest = (request: UnsignedRequest, nowMs: number) => void;

/** The signer with the credentials of the moment: where they may change, they are told each time, by the same object until they do. */
export function signerOf(
  credentials: SigningCredentials | (() => Promise<SigningCredentials>),
  scope: { region: string; service?: string },
): () => Promise<SignRequest> {
  let last: { of: SigningCredentials; sign: SignRequest } | null = null;
  return async () => {
    const now = typeof credentials === 'function' ? await credentials() : credentials;
    if (last?.of !== now) last = { of: now, sign: requestSigner(now, scope) };
    return last.sign;
  };
}

/**
 * Opens a signer, AWS Signature Version 4 in the Authorization header. What it gives adds the date, the payload's hash, the
 * session token and the signature to the request's headers, as of `nowMs`. The key is derived once a day.
 * [src: Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header"]
 */
export function requestSigner(
  credentials: SigningCredentials,
  { region, service = 's3' }: { region: string; service?: string },
): SignRequest {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  let day = '';
  let key: KeyObject | null = null;
  let second = Number.NaN;
  let longDate = '';

  /** The key of the day; as a KeyObject it signs six times as quickly as bytes do. */
  function keyAt(nowMs: number): KeyObject {
    const now = Math.floor(nowMs / 1000);
    if (key !== null && now === second) return key;
    second = now;
    longDate = `${new Date(now * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    if (key !== null && longDate.startsWith(day)) return key;
    day = longDate.slice(0, shortDateLength);
    const bytes = [day, region, service, 'aws4_request'].reduce<Buffer>(
      (before, step) => createHmac('sha256', before).update(step).digest(),
      Buffer.from(`AWS4${secretAccessKey}`),
    );
    key = createSecretKey(bytes);
    return key;
  }

  return (request, nowMs) => {
    const keyNow = keyAt(nowMs);
    const { headers, payloadHash } = request;
    headers['x-amz-date'] = longDate;
    headers['x-amz-content-sha256'] = payloadHash;
    if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken;
    const names = Object.keys(headers)
      .filter((name) => !unsigned.has(name))
      .sort();
    let canonical = `${request.method}\n${request.path}\n${request.query}\n`;
    for (const name of names) canonical += `${name}:${canonicalValue(headers[name] ?? '')}\n`;
    const signedHeaders = names.join(';');
    canonical += `\n${signedHeaders}\n${payloadHash}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${longDate}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', keyNow).update(toSign).digest('hex');
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  };
}

/** Space at the ends and runs of it do not count. */
function canonicalValue(value: string): string {
  return /[\t\r\n]| {2}|^ | $/.test(value)
    ? value.replaceAll(/[\t\r\n ]+/g, ' ').replaceAll(/^ | $/g, '')
    : value;
}

/** A query in the order and encoding in which it is signed, which is also good to send. */
export function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.keys(parameters)
    .map((name) => [encodeStrictly(name), encodeStrictly(parameters[name] ?? '')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Percent-encodes everything but letters, digits and `-_.~`. Throws `URIError` for text that is not well-formed. */
export function encodeStrictly(text: string): string {
  const encoded = encodeURIComponent(text);
  return /[!'()*]/.test(encoded)
    ? encoded.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    : encoded;
}

/** A key as a path: slashes stay, every one of them, and nothing is resolved. */
export function pathOfKey(key: string): string {
  return encodeStrictly(key).replaceAll('%2F', '/');
}
