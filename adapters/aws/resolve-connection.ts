import type { BucketLocation } from '../../core/batching/batch.ts';
import { InvalidRequest } from '../../core/errors.ts';
import type { Secrets } from '../../core/ports.ts';

/** Everything a client needs to reach one bucket. Holds secret values: never write it anywhere. */
export type S3Connection = {
  provider: string;
  bucket: string;
  region: string;
  /** Origin of the S3 API; null = Amazon S3 of the region. */
  endpoint: string | null;
  /** null = the default AWS credential chain. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null;
};

/**
 * Reads the secret values that a location names. `fresh` bypasses the cache of the secrets, so that a
 * rotated credential is seen. The endpoint is the location's own, else the secret's, else Amazon S3.
 * Throws `SecretMissing` for a secret that is not there and `InvalidRequest` for an endpoint that is no
 * http(s) origin.
 */
export async function resolveConnection(
  location: BucketLocation,
  secrets: Secrets,
  options: { fresh?: boolean } = {},
): Promise<S3Connection> {
  const { provider, bucket, region } = location;
  const names = location.secrets;
  const read = (name: string) => secrets.read(name, options);
  const [accessKeyId, secretAccessKey, sessionToken, secretEndpoint] = await Promise.all([
    names === null ? null : read(names.accessKey),
    names === null ? null : read(names.secretKey),
    names?.sessionToken === undefined ? undefined : read(names.sessionToken),
    names?.endpoint === undefined || location.endpoint !== null ? null : read(names.endpoint),
  ]);
  const credentials =
    accessKeyId === null || secretAccessKey === null
      ? null
      : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return {
    provider,
    bucket,
    region,
    endpoint: endpointOf(location.endpoint, secretEndpoint, names?.endpoint),
    credentials,
  };
}

function endpointOf(own: string | null, secret: string | null, secretName: string | undefined) {
  if (own !== null) return origin(own, `The field "endpoint" is "${own}"`);
  if (secret !== null) return origin(secret, `The value of the secret "${secretName}" is not shown here`);
  return null;
}

/**
 * The endpoint as an origin, `https://` in front where no scheme is given. `subject` opens the error's
 * sentence, so that a value that came from a secret never gets into it.
 */
function origin(value: string, subject: string): string {
  const invalid = () =>
    new InvalidRequest(
      `${subject}, which is no endpoint. Give the http or https address of the S3 API without a path, a query or a user, for example https://s3.us-south.cloud-object-storage.appdomain.cloud`,
    );
  const text = value.trim();
  if (text === '' || /\s/.test(text)) throw invalid();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) throw invalid();
  const url = new URL(withScheme);
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (!bare || url.password !== '' || !['http:', 'https:'].includes(url.protocol)) throw invalid();
  return url.origin;
}
