import type { ObjectSummary } from '../inventory/inventory-row.ts';
import type { Route } from '../rules/route.ts';
import type { BatchFile } from './batch.ts';

/** An object of the source as a batch carries it, with what the rules resolved for it. */
export function fileToMove({ key, sizeBytes, etag, modifiedAtMs }: ObjectSummary, route: Route): BatchFile {
  const { to, storageClass, metadata, tags } = route;
  return {
    key,
    to,
    sizeBytes,
    etag,
    modifiedAtMs,
    storageClass,
    ...(metadata && { metadata }),
    ...(tags && { tags }),
  };
}
