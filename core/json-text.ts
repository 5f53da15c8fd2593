import type { BatchFile } from './batching/batch.ts';
import type { InventoryRow, ObjectSummary } from './inventory/inventory-row.ts';

/** Text that stands in JSON as it is: printable ASCII without quotation mark and backslash. */
const plain = /^[ !#-[\]-~]*$/;

/** Everything outside printable ASCII as `\uXXXX`. */
export function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A row of the inventory as `JSON.stringify` writes it, at half its cost: it is written once for each listed key. */
export function rowText(
  object: ObjectSummary,
  { decision, kind, reason }: Pick<InventoryRow, 'decision' | 'kind' | 'reason'>,
): string {
  const { key, sizeBytes, etag, modifiedAtMs, storageClass } = object;
  const why =
    kind === undefined && reason === undefined
      ? '}'
      : (kind === undefined ? '' : `,"kind":"${kind}"`) +
        (reason === undefined ? '' : `,"reason":${quoted(reason)}`) +
        '}';
  return `{"key":${quoted(key)},"sizeBytes":${sizeBytes},"etag":${nullable(etag, quoted)},"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass, quoted)},"decision":"${decision}"${why}`;
}

/** A file of a batch message, in printable ASCII only: see `encodeBatch`. */
export function fileText(file: BatchFile): string {
  const { key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags } = file;
  const keyText = quotedAscii(key);
  const added =
    (metadata === undefined ? '' : `,"metadata":${asciiOnly(JSON.stringify(metadata))}`) +
    (tags === undefined ? '' : `,"tags":${asciiOnly(JSON.stringify(tags))}`);
  return `{"key":${keyText},"to":${to === key ? keyText : quotedAscii(to)},"sizeBytes":${sizeBytes},"etag":${nullable(etag, quotedAscii)},"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass, quotedAscii)}${added}}`;
}

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

function quotedAscii(text: string): string {
  return plain.test(text) ? `"${text}"` : asciiOnly(JSON.stringify(text));
}

function nullable(text: string | null, quote: (text: string) => string): string {
  return text === null ? 'null' : quote(text);
}
