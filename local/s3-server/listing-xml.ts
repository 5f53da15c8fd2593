import type { ListedObject } from './object-shelf.ts';

/** The one owner of everything here. */
export const OWNER = '<ID>drover-local-owner</ID><DisplayName>drover</DisplayName>';

/** The `<Contents>` of a page; `show` escapes or encodes keys. */
export function listedObjectsXml(
  objects: readonly ListedObject[],
  show: (key: string) => string,
  withOwner: boolean,
): string {
  const owner = withOwner ? `<Owner>${OWNER}</Owner>` : '';
  let xml = '';
  let lastMs = Number.NaN;
  let lastDate = '';
  for (const { key, modifiedAtMs, etag, sizeBytes, storageClass } of objects) {
    // Neighbours are often as old as each other, and formatting a date is the dearest part of a row.
    if (modifiedAtMs !== lastMs) {
      lastMs = modifiedAtMs;
      lastDate = new Date(modifiedAtMs).toISOString();
    }
    xml +=
      `<Contents><Key>${show(key)}</Key><LastModified>${lastDate}</LastModified>` +
      `<ETag>&quot;${etag}&quot;</ETag><Size>${sizeBytes}</Size>${owner}` +
      `<StorageClass>${storageClass}</StorageClass></Contents>`;
  }
  return xml;
}
