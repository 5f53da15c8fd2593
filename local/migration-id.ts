import { createHash } from 'node:crypto';
import type { Request } from '../core/request.ts';

/** The id of a request that was given none: readable, and the same for the same source, destination and selection. */
export function migrationId(request: Request): string {
  const { source, destination, select, rules } = request;
  const binding = [
    ...(source.type === 'rclone'
      ? [source.backend, source.path, source.prefix, source.secret]
      : [source.bucket, source.prefix, source.endpoint, source.secrets, ...inventoryOf(source)]),
    destination.bucket,
    destination.prefix,
    destination.endpoint,
    select,
    rules,
  ];
  const hash = createHash('sha256').update(JSON.stringify(binding)).digest('hex').slice(0, 8);
  const from = source.type === 'rclone' ? `${source.backend}${source.path}` : source.bucket;
  const name = `${from}-to-${destination.bucket}`.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 70);
  return `${name}-${hash}`;
}

/** Nothing where there is none, so that ids stay what they were. */
function inventoryOf({ inventory }: { inventory?: string | undefined }): string[] {
  return inventory === undefined ? [] : [inventory];
}
