import type { Request } from './request.ts';

/**
 * Says why a migration would feed on its own output: both sides are the same bucket of the same endpoint, and
 * some destination key would lie under the source prefix. null = it cannot, or (an rclone source, which may wrap
 * anything) nobody can tell.
 */
export function overlap(
  request: Request,
  endpoints: { source: string | null; destination: string | null },
): string | null {
  const { source, destination } = request;
  if (source.type !== 's3') return null;
  if (source.bucket !== destination.bucket || host(endpoints.source) !== host(endpoints.destination))
    return null;
  const renamedTo = request.rules.flatMap(({ rename }) =>
    rename === undefined ? [] : [destination.prefix + rename.to],
  );
  const targets = [destination.prefix + source.prefix, ...renamedTo];
  const hit = targets.find((target) => target.startsWith(source.prefix) || source.prefix.startsWith(target));
  if (hit === undefined) return null;
  return `destination.bucket is "${destination.bucket}" with prefix "${destination.prefix}", which overlaps the source (the same bucket, prefix "${source.prefix}"): the migration would list its own output. Choose another bucket, or prefixes of which neither begins with the other.`;
}

/** Endpoints by where they lead; every address of Amazon S3 is one place, since bucket names are global there. */
function host(endpoint: string | null): string {
  if (endpoint === null) return 'amazon';
  const url = URL.parse(/^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`);
  if (url === null) return endpoint;
  if (/(^|\.)s3[.-].*amazonaws\.com(\.cn)?$|(^|\.)s3\.amazonaws\.com$/.test(url.hostname)) return 'amazon';
  const name = url.hostname === 'localhost' || url.hostname === '[::1]' ? '127.0.0.1' : url.hostname;
  return `${name}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}
