import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { toldEndpoint } from './told-endpoint.ts';

/** Where a bucket is reached, and for which region requests to it are signed. */
export type StoreAddress = {
  secure: boolean;
  /** The Host header, with the port where it is not the scheme's own. */
  host: string;
  /** What comes before a key's slash: nothing, or the bucket where it is not part of the name of the host. */
  path: string;
  signingRegion: string;
};

/**
 * Where the SDK would send requests for this bucket, by its own rules (virtual hosts, path style, partitions, access points,
 * what the environment sets), and without asking the store. null: requests are authorised in another way than by a plain
 * signature for S3, as those to directory buckets are.
 */
export async function addressOf(client: S3Client, bucket: string): Promise<StoreAddress | null> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: 'any' });
  const told = await toldEndpoint(command, (asks) => client.send(asks), 'endpointV2Middleware');
  if (told === undefined || Object.keys(told.headers ?? {}).length > 0) return null;
  const { url } = told;
  const [scheme, ...others] = told.properties?.authSchemes ?? [];
  const plain = scheme?.name === 'sigv4' && scheme.signingName === 's3' && others.length === 0;
  if (!plain || scheme.signingRegion === undefined || url.search !== '') return null;
  return {
    secure: url.protocol === 'https:',
    host: url.host,
    path: url.pathname.replace(/\/$/, ''),
    signingRegion: scheme.signingRegion,
  };
}
