import { SourceDenied, SourceUnreachable, WrongRegion } from '../core/errors.ts';
import type { Capabilities } from '../core/migration.ts';
import type { ListPage, ObjectStore } from '../core/ports.ts';
import type { Request } from '../core/request.ts';
import { StoreError } from '../core/store-error.ts';

type SourceCapabilities = Pick<Capabilities, 'listing' | 'sourceEtagIsMd5' | 'sourceTags'>;

/** Lists one page of the source and asks for its first object; says what the source can do, or throws why it cannot be used. */
export async function probeSource(request: Request, source: ObjectStore): Promise<SourceCapabilities> {
  const { prefix } = request.source;
  let page: ListPage;
  try {
    page = await source.listPage({ prefix, startAfter: null, maxKeys: 1000 });
  } catch (error) {
    throw explain(error, request, 'list');
  }
  const first = page.objects[0];
  if (first === undefined) return { listing: 'v2', sourceEtagIsMd5: true, sourceTags: false };
  try {
    const details = await source.head(first.key);
    const encryption = details?.encryption ?? null;
    return {
      listing: 'v2',
      sourceEtagIsMd5: encryption === null || encryption === 'AES256',
      sourceTags: await answersTags(source, first.key),
    };
  } catch (error) {
    throw explain(error, request, 'read');
  }
}

/** Whether the source has tags; one that refuses to show them is as good as one that has none, and Preflight says so. */
async function answersTags(source: ObjectStore, key: string): Promise<boolean> {
  try {
    await source.tags(key);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.kind !== 'unreachable' && error.kind !== 'throttled')
      return false;
    throw error;
  }
}

function explain(error: unknown, { source }: Request, doing: 'list' | 'read'): unknown {
  if (!(error instanceof StoreError)) return error;
  const said = `${error.code}: ${error.message}`;
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
        `the source credentials may not ${doing} "${source.bucket}" (${said}). Allow ${doing === 'list' ? 's3:ListBucket' : 's3:GetObject'} to them.`,
      );
    case 'credential':
      return new SourceDenied(
        `the source refuses the credentials (${said}). Mend the secrets that source.secrets names.`,
      );
    case 'unsupported':
      return new SourceUnreachable(`the source cannot be listed in the way Drover needs (${said}).`);
    default:
      return new SourceUnreachable(
        `the source does not answer (${said}). Look at the endpoint, the network and source.bucket "${source.bucket}".`,
      );
  }
}
