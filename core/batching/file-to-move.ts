import type { ObjectSummary } from '../inventory/inventory-row.ts';
import type { Route } from '../rules/route.ts';
import type { BatchFile } from './batch.ts';

/** An object of the source as a batch carries it, with what the rules resolved for it. */
export function fileToMove({ key, sizeBytes, etag, modifiedAtMs }: ObjectSummary, route: Route): BatchFile {
  const { to, storageClass, metadata, tags } = route;
  // Set, not spread: it is made for each listed key, and few have either.
  const file: BatchFile = { key, to, sizeBytes, etag, modifiedAtMs, storageClass };
  if (metadata !== undefined) file.metadata = metadata;
  if (tags !== undefined) file.tags = tags;
  return file;
}
