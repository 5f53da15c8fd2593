import { S3Error } from './s3-error.ts';
import { claimedSigner, type SignedRequest, verifySignature } from './signature-v4.ts';

export type AccessRules = {
  /** Access key to secret; undefined: everybody is let in, signed or not. */
  readonly credentials: Readonly<Record<string, string>> | undefined;
  /** Access keys whose session is over. */
  readonly expiredKeys: readonly string[];
  /** The server's region; undefined: signatures for any region are taken. */
  readonly region: string | undefined;
};

/**
 * Lets a request in or refuses it, in S3's order: known key, live token, right region, right signature.
 * `bucketRegion` is the region of the addressed bucket, where it exists.
 * @throws {S3Error}
 */
export function admit(request: SignedRequest, rules: AccessRules, bucketRegion: string | undefined): void {
  const signer = claimedSigner(request);
  const { credentials } = rules;
  if (signer === undefined) {
    if (credentials !== undefined) throw new S3Error('AccessDenied');
    return;
  }
  const known = credentials !== undefined && Object.hasOwn(credentials, signer.accessKeyId);
  const secret = known ? credentials[signer.accessKeyId] : undefined;
  if (credentials !== undefined && secret === undefined) {
    throw new S3Error('InvalidAccessKeyId', { elements: { AWSAccessKeyId: signer.accessKeyId } });
  }
  if (rules.expiredKeys.includes(signer.accessKeyId)) throw new S3Error('ExpiredToken');
  if (rules.region !== undefined) checkRegion(signer.region, rules.region, bucketRegion);
  if (secret !== undefined) verifySignature(request, signer.claim, secret, Date.now());
}

/** S3 redirects to the region of the bucket when the signature fits the endpoint, and objects when it fits neither. */
function checkRegion(signed: string, served: string, bucketRegion: string | undefined): void {
  const expected = bucketRegion ?? served;
  if (signed === expected) return;
  const headers = { 'x-amz-bucket-region': expected };
  if (signed === served) throw new S3Error('PermanentRedirect', { headers });
  throw new S3Error('AuthorizationHeaderMalformed', {
    message: `The authorization header is malformed; the region '${signed}' is wrong; expecting '${expected}'`,
    elements: { Region: expected },
    headers,
  });
}
