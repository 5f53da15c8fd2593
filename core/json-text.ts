import type { BatchFile } from './batching/batch.ts';
import type { InventoryRow, ObjectSummary } from './inventory/inventory-row.ts';

/** Text that stands in JSON as it is: printable ASCII without quotation mark and backslash. */
const plain = /^[ !#-[\]-~]*$/;

/** Everything outside printable ASCII as `\uXXXX`. */
export function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The last fields of a row or file: neighbours mostly have the same, which is then not written again. */
type Ending = { modifiedAtMs: number; storageClass: string | null; decision: string; text: string };

let endOfRow: Ending = { modifiedAtMs: Number.NaN, storageClass: null, decision: '', text: '' };
let endOfFile: Ending = endOfRow;

/** A row of the inventory as `JSON.stringify` writes it, at less than half its cost: it is written once for each listed key. */
export function rowText(
  { key, sizeBytes, etag, modifiedAtMs, storageClass }: ObjectSummary,
  { decision, kind, reason }: Pick<InventoryRow, 'decision' | 'kind' | 'reason'>,
): string {
  if (
    endOfRow.modifiedAtMs !== modifiedAtMs ||
    endOfRow.storageClass !== storageClass ||
    endOfRow.decision !== decision
  ) {
    const text = `,"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass, quoted)},"decision":"${decision}"`;
    endOfRow = { modifiedAtMs, storageClass, decision, text };
  }
  const why =
    (kind === undefined ? '' : `,"kind":"${kind}"`) +
    (reason === undefined ? '' : `,"reason":${quoted(reason)}`);
  return `{"key":${quoted(key)},"sizeBytes":${sizeBytes},"etag":${nullable(etag, quoted)}${endOfRow.text}${why}}`;
}

/** A file of a batch message, in printable ASCII only: see `encodeBatch`. */
export function fileText(file: BatchFile): string {
  const { key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags } = file;
  if (endOfFile.modifiedAtMs !== modifiedAtMs || endOfFile.storageClass !== storageClass) {
    const text = `,"modifiedAtMs":${modifiedAtMs},"storageClass":${nullable(storageClass, quotedAscii)}`;
    endOfFile = { modifiedAtMs, storageClass, decision: '', text };
  }
  const keyText = quotedAscii(key);
  const added =
    (metadata === undefined ? '' : `,"metadata":${asciiOnly(JSON.stringify(metadata))}`) +
    (tags === undefined ? '' : `,"tags":${asciiOnly(JSON.stringify(tags))}`);
  return `{"key":${keyText},"to":${to === key ? keyText : quotedAscii(to)},"sizeBytes":${sizeBytes},"etag":${nullable(etag, quotedAscii)}${endOfFile.text}${added}}`;
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
