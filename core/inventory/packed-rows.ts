import {
  escapedBytes,
  type Fragment,
  fragmentOf,
  overrunBytes,
  putBytes,
  putEscaped,
  putFragment,
  putNumber,
} from '../byte-text.ts';
import type { Lines } from '../json-lines.ts';
import { rowText } from '../json-text.ts';
import { packedDecisions } from './decide-packed.ts';
import { keyForms, type PackedPage, packedObject } from './packed-page.ts';

const key = fragmentOf('{"key":"');
const size = fragmentOf('","sizeBytes":');
const etag = fragmentOf(',"etag":"');
const time = fragmentOf('","modifiedAtMs":');
const nothing = fragmentOf('');
/** What a row or file takes beside keys, ETag and the words for its classes, at most. */
const othersBytes = 160;

/** The ends of a row by the class of its object, each by the number of the decision. */
const rowEnds = new Map<string, Fragment[]>();

function rowEndsOf(storageClass: string): Fragment[] {
  const known = rowEnds.get(storageClass);
  if (known !== undefined) return known;
  const ends = packedDecisions.map((decision) =>
    fragmentOf(`,"storageClass":${JSON.stringify(storageClass)},"decision":"${decision}"}\n`),
  );
  // There are a dozen classes; a store that makes up others is not to fill the memory.
  if (rowEnds.size > 100) rowEnds.clear();
  rowEnds.set(storageClass, ends);
  return ends;
}

/** Adds the rows of the first objects of a page, as many as there are decisions, as `rowText` gives them. */
export function addPackedRows(lines: Lines, page: PackedPage, decisions: Uint8Array): void {
  const { view, keyForm, storageClass } = page;
  const count = decisions.length;
  let ends = { storageClass: '', byDecision: rowEndsOf('') };
  for (let from = 0; from < count; ) {
    if (keyForm[from] === keyForms.escaped) {
      const decision = packedDecisions[decisions[from] ?? 0] ?? 'transfer';
      lines.add(rowText(packedObject(page, from), { decision }));
      from += 1;
      continue;
    }
    let upTo = from + 1;
    while (upTo < count && keyForm[upTo] !== keyForms.escaped) upTo += 1;
    lines.put(bytesOf(page, from, upTo), (into, start) => {
      let at = start;
      for (let index = from; index < upTo; index++) {
        const name = storageClass[index] ?? '';
        if (name !== ends.storageClass) ends = { storageClass: name, byDecision: rowEndsOf(name) };
        at = putBytes(
          into,
          putFragment(into, at, key),
          view,
          page.keyFrom[index] ?? 0,
          page.keyTo[index] ?? 0,
        );
        at = putMiddle(into, at, page, index);
        at = putFragment(into, at, ends.byDecision[decisions[index] ?? 0] ?? nothing);
      }
      return at;
    });
    from = upTo;
  }
}

/** Room for the rows of these objects, or for one file. */
function bytesOf({ keyFrom, etagTo, storageClass }: PackedPage, from: number, upTo: number): number {
  let bytes = overrunBytes;
  for (let index = from; index < upTo; index++)
    bytes += (etagTo[index] ?? 0) - (keyFrom[index] ?? 0) + (storageClass[index]?.length ?? 0) + othersBytes;
  return bytes;
}

/** What rows and files have in common, from the end of a key on. */
function putMiddle(into: DataView, start: number, page: PackedPage, index: number): number {
  const { view, etagFrom, etagTo, sizeBytes, modifiedAtMs } = page;
  let at = putNumber(into, putFragment(into, start, size), sizeBytes[index] ?? 0);
  at = putBytes(into, putFragment(into, at, etag), view, etagFrom[index] ?? 0, etagTo[index] ?? 0);
  return putNumber(into, putFragment(into, at, time), modifiedAtMs[index] ?? 0);
}

/** Writes files of batch messages one after the other, a comma behind each, as `fileText` gives them. */
export type PackedFiles = {
  /** Writes the file of an object whose key JSON does not escape. Gives the bytes that there are now. */
  put(page: PackedPage, index: number): number;
  /** The text of the first so many bytes, without the last comma; the next file is the first again. */
  take(bytes: number): string;
  /** Forgets what was written. */
  drop(): void;
};

/** Opens a writer for files that all go to their key behind `prefix`, in one class. */
export function openPackedFiles({
  prefix,
  storageClass,
}: {
  prefix: string;
  storageClass: string | null;
}): PackedFiles {
  const toPrefix = fragmentOf(`","to":"${prefix}`);
  const fileEnd = fragmentOf(`,"storageClass":${JSON.stringify(storageClass)}},`);
  let place = Buffer.alloc(128 * 1024);
  let into = viewOf(place);
  let at = 0;
  return {
    put(page, index) {
      const { view, keyFrom, keyTo, keyForm } = page;
      const [from, upTo] = [keyFrom[index] ?? 0, keyTo[index] ?? 0];
      const wide = keyForm[index] === keyForms.wide;
      const keysBytes = 2 * (wide ? escapedBytes : 1) * (upTo - from);
      const needed = at + bytesOf(page, index, index + 1) + keysBytes + toPrefix.length + fileEnd.length;
      if (needed > place.length) {
        place = Buffer.concat([place.subarray(0, at)], 2 * needed);
        into = viewOf(place);
      }
      const start = putFragment(into, at, key);
      at = wide ? putEscaped(into, start, view, from, upTo) : putBytes(into, start, view, from, upTo);
      const keyEnd = at;
      at = putFragment(into, at, toPrefix);
      // What was escaped once is copied from where it stands.
      at = wide ? putBytes(into, at, into, start, keyEnd) : putBytes(into, at, view, from, upTo);
      at = putFragment(into, putMiddle(into, at, page, index), fileEnd);
      return at;
    },
    take(bytes) {
      at = 0;
      return place.toString('latin1', 0, bytes - 1);
    },
    drop() {
      at = 0;
    },
  };
}

function viewOf(place: Buffer): DataView {
  return new DataView(place.buffer, place.byteOffset, place.length);
}
