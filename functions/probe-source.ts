import { SourceDenied, SourceUnreachable, WrongRegion } from '../core/errors.ts';
import type { ObjectSummary } from '../core/inventory/inventory-row.ts';
import { compareKeys } from '../core/keyspace/key-order.ts';
import type { Capabilities } from '../core/migration.ts';
import type { ListingWay, ObjectStore } from '../core/ports.ts';
import type { S3Request } from '../core/request.ts';
import { addRequests, type RequestsMade } from '../core/requests-made.ts';
import { StoreError, unorderedCode } from '../core/store-error.ts';
import { tryFolders } from './try-folders.ts';

type SourceCapabilities = Pick<Capabilities, 'listing' | 'sourceEtagIsMd5' | 'sourceTags'>;
type Doing = 'list' | 'read' | 'read the tags of';

const permissions: Readonly<Record<Doing, string>> = {
  list: 's3:ListBucket',
  read: 's3:GetObject',
  'read the tags of': 's3:GetObjectTagging',
};

/**
 * Tries the source as the lister and the workers will: by version 2 of the listing, by the first one where that cannot go on
 * after a key, by the store's own tokens where neither can, folder by folder where it shows folders; and at once by tokens,
 * to be sorted, where keys are out of order. Says what the source can do, or throws why it cannot be used. `open` opens the source for one way of
 * listing; it is closed here.
 */
export async function probeSource(
  request: S3Request,
  open: (listing: ListingWay) => Promise<ObjectStore>,
): Promise<SourceCapabilities & { requests: RequestsMade }> {
  const requests: RequestsMade = {};
  const probeBy = async (listing: ListingWay) => {
    const source = await open(listing);
    try {
      return { listing, ...(await probe(request, source, listing)), requests };
    } finally {
      addRequests(requests, source.requestsMade());
      source.close();
    }
  };
  const probeFrom = async (at: number): Promise<Awaited<ReturnType<typeof probeBy>>> => {
    const listing = ways[at] ?? 'unordered';
    try {
      return await probeBy(listing);
    } catch (error) {
      const cause = error instanceof SourceUnreachable ? error.cause : undefined;
      if (listing === 'unordered' || !(cause instanceof StoreError) || cause.kind !== 'unsupported')
        throw error;
      return probeFrom(cause.code === unorderedCode ? ways.indexOf('unordered') : at + 1);
    }
  };
  return probeFrom(0);
}

/** From the quickest on. */
const ways: readonly ListingWay[] = ['v2', 'v1', 'folders', 'stream', 'unordered'];

/** Lists one page and goes on after its first key, then asks for that object and its tags. */
async function probe(
  request: S3Request,
  source: ObjectStore,
  listing: ListingWay,
): Promise<Omit<SourceCapabilities, 'listing'>> {
  const { prefix } = request.source;
  let doing: Doing = 'list';
  try {
    const page = await source.listPage({ prefix, startAfter: null });
    const first = page.objects[0];
    if (first === undefined) return { sourceEtagIsMd5: true, sourceTags: false };
    if (listing === 'v2' || listing === 'v1') await tryStartAfter(source, prefix, page.objects);
    else await tryToken(source, prefix, listing);
    if (listing === 'folders') await tryFolders(source, prefix, page);
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
 * Goes on after the first key, and at the name of a folder: a store that keeps folders may sort `a/b` under `a`, so that
 * a listing that begins at `a` never shows it. Throws `StoreError` of kind `unsupported` when it does so.
 */
async function tryStartAfter(
  source: ObjectStore,
  prefix: string,
  objects: readonly ObjectSummary[],
): Promise<void> {
  const [first] = objects;
  if (first === undefined) return;
  await source.listPage({ prefix, startAfter: first.key, maxKeys: 2 });
  const place = folderBeforeKey(objects, prefix);
  if (place === null) return;
  const firstBehind = async (startAfter: string | null) =>
    (await source.listPage({ prefix, startAfter, maxKeys: 1 })).objects[0]?.key ?? null;
  const shown = async (startAfter: string | null) => {
    const key = await firstBehind(startAfter);
    return key !== null && compareKeys(key, place.key) <= 0;
  };
  // The second question tells a folder that was passed over from one that was deleted meanwhile.
  if ((await shown(place.folder)) || !(await shown(place.before))) return;
  throw new StoreError(
    'unsupported',
    `${unorderedCode}: the store's listing after ${JSON.stringify(place.folder)} leaves out ${JSON.stringify(place.key)}: it sorts folders, not keys. It cannot be listed safely.`,
    { code: unorderedCode },
  );
}

/** The first key in a folder whose name, as a key, stands between this key and the one before it. */
function folderBeforeKey(
  objects: readonly ObjectSummary[],
  prefix: string,
): { key: string; folder: string; before: string | null } | null {
  let before: string | null = null;
  for (const { key } of objects) {
    const end = key.indexOf('/', prefix.length + 1);
    const folder = end === -1 ? null : key.slice(0, end);
    if (folder !== null && (before === null || compareKeys(folder, before) > 0))
      return { key, folder, before };
    before = key;
  }
  return null;
}

/** Goes on by the store's own token behind one key, where there are two. */
async function tryToken(source: ObjectStore, prefix: string, listing: ListingWay): Promise<void> {
  const { objects, more, next } = await source.listPage({ prefix, startAfter: null, maxKeys: 1 });
  const first = objects[0]?.key ?? null;
  if (!more || next === undefined) return;
  const startAfter = listing === 'unordered' ? null : first;
  const behind = await source.listPage({ prefix, startAfter, token: next, maxKeys: 2 });
  if (!behind.objects.some(({ key }) => key === first)) return;
  throw new StoreError(
    'unsupported',
    `ListingUnsupported: the store gives ${JSON.stringify(first)} again behind its own token. It cannot be listed safely.`,
    { code: 'ListingUnsupported' },
  );
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
    case 'blocked':
      return new SourceDenied(`the source serves nobody (${said}). Mend the account that it belongs to.`);
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
