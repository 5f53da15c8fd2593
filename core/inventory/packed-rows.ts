import { type Fragment, fragmentOf, overrunBytes, putBytes, putFragment, putNumber } from '../byte-text.ts';
import type { Lines } from '../json-lines.ts';
import { rowText } from '../json-text.ts';
import { type PackedPage, packedObject } from './packed-page.ts';

const key = fragmentOf('{"key":"');
const size = fragmentOf('","sizeBytes":');
const etag = fragmentOf(',"etag":"');
const time = fragmentOf('","modifiedAtMs":');
/** What a row or file takes beside keys, ETag and the words for its classes, at most. */
const othersBytes = 160;

/** The end of a row by the class of its object. */
const rowEnds = new Map<string, Fragment>();

function rowEndOf(storageClass: string): Fragment {
  const known = rowEnds.get(storageClass);
  if (known !== undefined) return known;
  const end = fragmentOf(`,"storageClass":${JSON.stringify(storageClass)},"decision":"transfer"}\n`);
  // There are a dozen classes; a store that makes up others is not to fill the memory.
  if (rowEnds.size > 100) rowEnds.clear();
  rowEnds.set(storageClass, end);
  return end;
}

/** Adds the rows of the first `count` objects, all of which are to be transferred, as `rowText` gives them. */
export function addPackedRows(lines: Lines, page: PackedPage, count: number): void {
  const { view, plain, storageClass } = page;
  for (let from = 0; from < count; ) {
    if (plain[from] === 0) {
      lines.add(rowText(packedObject(page, from), { decision: 'transfer' }));
      from += 1;
      continue;
    }
    let upTo = from + 1;
    while (upTo < count && plain[upTo] === 1) upTo += 1;
    lines.put(bytesOf(page, from, upTo), (into, start) => {
      let at = start;
      for (let index = from; index < upTo; index++) {
        at = putBytes(
          into,
          putFragment(into, at, key),
          view,
          page.keyFrom[index] ?? 0,
          page.keyTo[index] ?? 0,
        );
        at = putMiddle(into, at, page, index);
        at = putFragment(into, at, rowEndOf(storageClass[index] ?? ''));
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
  /** Writes the file of an object whose key is plain. Gives the bytes that there are now. */
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
  const end = fragmentOf(`,"storageClass":${JSON.stringify(storageClass)}},`);
  let place = Buffer.alloc(128 * 1024);
  let into = viewOf(place);
  let at = 0;
  return {
    put(page, index) {
      const { view, keyFrom, keyTo } = page;
      const [from, upTo] = [keyFrom[index] ?? 0, keyTo[index] ?? 0];
      const needed = at + bytesOf(page, index, index + 1) + upTo - from + toPrefix.length + end.length;
      if (needed > place.length) {
        place = Buffer.concat([place.subarray(0, at)], 2 * needed);
        into = viewOf(place);
      }
      at = putBytes(into, putFragment(into, at, key), view, from, upTo);
      at = putBytes(into, putFragment(into, at, toPrefix), view, from, upTo);
      at = putFragment(into, putMiddle(into, at, page, index), end);
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
