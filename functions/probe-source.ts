import { SourceDenied, SourceUnreachable, WrongRegion } from '../core/errors.ts';
import type { Capabilities } from '../core/migration.ts';
import type { ObjectStore } from '../core/ports.ts';
import type { S3Request } from '../core/request.ts';
import { addRequests, type RequestsMade } from '../core/requests-made.ts';
import { StoreError } from '../core/store-error.ts';

type SourceCapabilities = Pick<Capabilities, 'listing' | 'sourceEtagIsMd5' | 'sourceTags'>;
type Doing = 'list' | 'read' | 'read the tags of';

const permissions: Readonly<Record<Doing, string>> = {
  list: 's3:ListBucket',
  read: 's3:GetObject',
  'read the tags of': 's3:GetObjectTagging',
};

/**
 * Tries the source as the lister and the workers will, by the first version of the listing where the second one
 * cannot go on after a key. Says what the source can do, or throws why it cannot be used. `open` opens the source
 * for one way of listing; it is closed here.
 */
export async function probeSource(
  request: S3Request,
  open: (listing: 'v2' | 'v1') => Promise<ObjectStore>,
): Promise<SourceCapabilities & { requests: RequestsMade }> {
  const requests: RequestsMade = {};
  const probeBy = async (listing: 'v2' | 'v1') => {
    const source = await open(listing);
    try {
      return { listing, ...(await probe(request, source)), requests };
    } finally {
      addRequests(requests, source.requestsMade());
      source.close();
    }
  };
  return probeBy('v2').catch((error: unknown) => {
    const cause = error instanceof SourceUnreachable ? error.cause : undefined;
    if (cause instanceof StoreError && cause.kind === 'unsupported') return probeBy('v1');
    throw error;
  });
}

/** Lists one page and what comes after its first key, then asks for that object and its tags. */
async function probe(request: S3Request, source: ObjectStore): Promise<Omit<SourceCapabilities, 'listing'>> {
  const { prefix } = request.source;
  let doing: Doing = 'list';
  try {
    const page = await source.listPage({ prefix, startAfter: null });
    const first = page.objects[0];
    if (first === undefined) return { sourceEtagIsMd5: true, sourceTags: false };
    await source.listPage({ prefix, startAfter: first.key, maxKeys: 2 });
    doing = 'read';
    const encryption = (await source.head(first.key))?.encryption ?? null;
    const sourceEtagIsMd5 = encryption === null || encryption === 'AES256';
    doing = 'read the tags of';
    const sourceTags = await answersTags(source, first.key, request.objectTags === 'copy');
    return { sourceEtagIsMd5, sourceTags };
  } catch (error) {
    throw explain(error, request, doing);
  }
}

/**
 * Whether the source has tags. Only a plain no counts as one: a store in trouble must not cost every object its tags.
 * One that refuses to show them is as good as one that has none, unless they are `wanted`.
 */
async function answersTags(source: ObjectStore, key: string, wanted: boolean): Promise<boolean> {
  try {
    await source.tags(key);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'NoSuchTagSet') return true;
    if (error.kind === 'unsupported' || error.kind === 'rejected') return false;
    if (error.kind === 'denied' && !wanted) return false;
    throw error;
  }
}

function explain(error: unknown, { source }: S3Request, doing: Doing): unknown {
  if (!(error instanceof StoreError)) return error;
  const said = error.message;
  switch (error.kind) {
    case 'missing-bucket':
      return new SourceUnreachable(
        `the source has no bucket "${source.bucket}" (${said}). Mend source.bucket or the endpoint.`,
      );
    case 'wrong-region':
      return new WrongRegion(
        `the source bucket "${source.bucket}" is not in source.region "${source.region}"${error.region === null ? '' : ` but in "${error.region}"`} (${said}). Mend source.region.`,
      );
    case 'denied':
      return new SourceDenied(
        `the source credentials may not ${doing} "${source.bucket}" (${said}). Allow ${permissions[doing]} to them${doing === 'read the tags of' ? ', or set objectTags to "ignore"' : ''}.`,
      );
    case 'credential':
      return new SourceDenied(
        `the source refuses the credentials (${said}). Mend the secrets that source.secrets names.`,
      );
    case 'unsupported':
      return new SourceUnreachable(`the source cannot be listed in the way Drover needs (${said}).`, {
        cause: error,
      });
    default:
      return new SourceUnreachable(
        `the source does not answer (${said}). Look at the endpoint, the network and source.bucket "${source.bucket}".`,
      );
  }
}
