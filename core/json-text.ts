// biome-ignore-all lint/style/useTemplate: a template asks of each part whether it is a string.
import type { BatchFile } from './batching/batch.ts';
import type { InventoryRow, ObjectSummary } from './inventory/inventory-row.ts';

/** Text that stands in JSON as it is: printable ASCII without quotation mark and backslash. */
const plain = /^[ !#-[\]-~]*$/;

/** The escape of each UTF-16 unit that came so far. */
const escapes: string[] = [];

/** Everything outside printable ASCII as `\uXXXX`. */
export function asciiOnly(json: string): string {
  let written = '';
  let from = 0;
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit < 0x7f) continue;
    escapes[unit] ??= `\\u${unit.toString(16).padStart(4, '0')}`;
    written += json.slice(from, at) + escapes[unit];
    from = at + 1;
  }
  return from === 0 ? json : written + json.slice(from);
}

// Rows and files are written once for each listed key, a row and its file mostly one after the other: what both have in common,
// and what neighbours have, is not written again.

/** The beginning of the last row that is plain, which its file tells in the same words. */
const shared = {
  key: null as string | null,
  sizeBytes: 0,
  etag: null as string | null,
  modifiedAtMs: 0,
  keyText: '',
  middle: '',
};
let time = { modifiedAtMs: Number.NaN, text: '' };
let rowEnd = { storageClass: null as string | null, decision: '', text: '' };
let fileEnd = { storageClass: null as string | null, text: ',"storageClass":null' };

/** A row of the inventory as `JSON.stringify` writes it, at less than half its cost. */
export function rowText(
  { key, sizeBytes, etag, modifiedAtMs, storageClass }: ObjectSummary,
  { decision, kind, reason }: Pick<InventoryRow, 'decision' | 'kind' | 'reason'>,
): string {
  const isPlain = plain.test(key) && (etag === null || plain.test(etag));
  const keyText = isPlain ? inQuotes(key) : JSON.stringify(key);
  const middle = middleText(
    sizeBytes,
    etag === null || !isPlain ? JSON.stringify(etag) : inQuotes(etag),
    modifiedAtMs,
  );
  shared.key = isPlain ? key : null;
  shared.sizeBytes = sizeBytes;
  shared.etag = etag;
  shared.modifiedAtMs = modifiedAtMs;
  shared.keyText = keyText;
  shared.middle = middle;
  if (rowEnd.storageClass !== storageClass || rowEnd.decision !== decision) {
    const text = `,"storageClass":${JSON.stringify(storageClass)},"decision":"${decision}"`;
    rowEnd = { storageClass, decision, text };
  }
  const start = '{"key":' + keyText + middle + rowEnd.text;
  if (kind === undefined && reason === undefined) return start + '}';
  const why = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`;
  return `${start}${kind === undefined ? '' : `,"kind":"${kind}"`}${why}}`;
}

/** A file of a batch message, in printable ASCII only: see `encodeBatch`. */
export function fileText(file: BatchFile): string {
  const { key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags } = file;
  if (fileEnd.storageClass !== storageClass)
    fileEnd = { storageClass, text: `,"storageClass":${asciiOnly(JSON.stringify(storageClass))}` };
  const isShared =
    shared.key === key &&
    shared.sizeBytes === sizeBytes &&
    shared.etag === etag &&
    shared.modifiedAtMs === modifiedAtMs;
  const keyText = isShared ? shared.keyText : asciiOnly(JSON.stringify(key));
  const middle = isShared
    ? shared.middle
    : middleText(sizeBytes, asciiOnly(JSON.stringify(etag)), modifiedAtMs);
  const toText = to === key ? keyText : asciiOnly(JSON.stringify(to));
  const start = '{"key":' + keyText + ',"to":' + toText + middle + fileEnd.text;
  if (metadata === undefined && tags === undefined) return start + '}';
  const added =
    (metadata === undefined ? '' : `,"metadata":${asciiOnly(JSON.stringify(metadata))}`) +
    (tags === undefined ? '' : `,"tags":${asciiOnly(JSON.stringify(tags))}`);
  return `${start}${added}}`;
}

function middleText(sizeBytes: number, etagText: string, modifiedAtMs: number): string {
  if (time.modifiedAtMs !== modifiedAtMs)
    time = { modifiedAtMs, text: `,"modifiedAtMs":${JSON.stringify(modifiedAtMs)}` };
  return ',"sizeBytes":' + sizeBytes + ',"etag":' + etagText + time.text;
}

function inQuotes(text: string): string {
  return '"' + text + '"';
}
