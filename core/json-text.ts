import type { BatchFile } from './batching/batch.ts';
import type { InventoryRow } from './inventory/inventory-row.ts';

/** Text that stands in JSON as it is: printable ASCII without quotation mark and backslash. */
const plain = /^[ !#-[\]-~]*$/;

/** Everything outside printable ASCII as `\uXXXX`. */
export function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A row of the inventory as `JSON.stringify` writes it, at half its cost: it is written once for each listed key. */
export function rowText(row: InventoryRow): string {
  const { key, sizeBytes, etag, modifiedAtMs, storageClass, decision, kind, reason } = row;
  const why =
    (kind === undefined ? '' : `,"kind":"${kind}"`) +
    (reason === undefined ? '' : `,"reason":${quoted(reason)}`);
  return `{"key":${quoted(key)},"sizeBytes":${sizeBytes},"etag":${nullable(etag)},"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass)},"decision":"${decision}"${why}}`;
}

/** A file of a batch message, in printable ASCII only: see `encodeBatch`. */
export function fileText(file: BatchFile): string {
  const { key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags } = file;
  const added =
    (metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`) +
    (tags === undefined ? '' : `,"tags":${JSON.stringify(tags)}`);
  const text = `{"key":${quoted(key)},"to":${quoted(to)},"sizeBytes":${sizeBytes},"etag":${nullable(etag)},"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass)}${added}}`;
  return asciiOnly(text);
}

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function nullable(text: string | null): string {
  return text === null ? 'null' : quoted(text);
}
