import { DestinationDenied, DestinationUnreachable, WrongRegion } from '../core/errors.ts';
import type { Capabilities } from '../core/migration.ts';
import type { ObjectStore } from '../core/ports.ts';
import type { Request } from '../core/request.ts';
import { StoreError } from '../core/store-error.ts';

const text = new TextEncoder().encode(
  'Drover wrote this object to find out whether it may. It can be deleted.\n',
);

/** The key of the object that Preflight writes and deletes; Clean up deletes it again. */
export function probeKey(request: Request, migration: string): string {
  return `${request.destination.prefix}.drover-probe-${migration}`;
}

/**
 * Lists the destination, then writes, reads back, tags and deletes an object under the very prefix, storage
 * class and KMS key of the migration. Says whether a plain ETag is an MD5 there, or throws why it cannot be used.
 * `objectTags`: what the migration will do with the tags of the source.
 */
export async function probeDestination(
  request: Request,
  migration: string,
  destination: ObjectStore,
  objectTags: 'copy' | 'ignore',
): Promise<Pick<Capabilities, 'destinationEtagIsMd5'>> {
  const key = probeKey(request, migration);
  const { prefix, storageClass, kmsKeyId } = request.destination;
  const wantsTags = objectTags === 'copy' || rulesTag(request);
  let doing = 'list (s3:ListBucket)';
  try {
    await destination.listPage({ prefix, startAfter: null, maxKeys: 1 });
    doing = 'write (s3:PutObject)';
    await destination.put(key, text, text.length, { storageClass, kmsKeyId });
    doing = 'read (s3:GetObject)';
    const details = await destination.head(key);
    if (details === null)
      throw new StoreError('failed', 'a probe object was written and is not there', {
        code: 'ProbeVanished',
      });
    if (wantsTags) {
      doing = 'tag (s3:PutObjectTagging)';
      await destination.tag(key, { drover: 'probe' });
    }
    doing = 'delete (s3:DeleteObject)';
    await destination.delete(key);
    const encryption = details.encryption;
    return { destinationEtagIsMd5: encryption === null || encryption === 'AES256' };
  } catch (error) {
    if (!doing.startsWith('list')) await destination.delete(key).catch(() => undefined);
    throw explain(error, request, doing);
  }
}

const rulesTag = ({ rules }: Request): boolean => rules.some(({ tags }) => tags !== undefined);

function explain(error: unknown, request: Request, doing: string): unknown {
  const { destination } = request;
  if (!(error instanceof StoreError)) return error;
  const said = error.message;
  const where = `"${destination.bucket}"${destination.prefix === '' ? '' : ` under "${destination.prefix}"`}`;
  switch (error.kind) {
    case 'missing-bucket':
      return new DestinationUnreachable(
        `the destination has no bucket "${destination.bucket}" (${said}). Create it, or mend destination.bucket.`,
      );
    case 'wrong-region':
      return new WrongRegion(
        `the destination bucket "${destination.bucket}" is not in destination.region "${destination.region}"${error.region === null ? '' : ` but in "${error.region}"`} (${said}). Mend destination.region.`,
      );
    case 'denied':
    case 'rejected':
    case 'unsupported':
      return new DestinationDenied(
        `Drover may not ${doing} at the destination ${where} (${said}). Allow it there${destination.kmsKeyId === null ? '' : ', and the use of destination.kmsKeyId'}${doing.startsWith('tag') && !rulesTag(request) ? ', or set objectTags to "ignore"' : ''}.`,
      );
    case 'credential':
      return new DestinationDenied(
        `the destination refuses the credentials (${said}). Mend the secrets that destination.secrets names, or the AWS credentials of this place.`,
      );
    case 'blocked':
      return new DestinationDenied(
        `the destination takes nothing from anybody (${said}). Make room, or mend the account of ${where}.`,
      );
    default:
      return new DestinationUnreachable(
        `the destination does not answer (${said}). Look at destination.endpoint, the network and the bucket ${where}.`,
      );
  }
}
