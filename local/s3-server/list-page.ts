import { justAfter, laterBound, pastPrefix } from './byte-bounds.ts';
import type { ListedObject, ObjectShelf } from './object-shelf.ts';

export type PageRequest = {
  readonly prefix: string;
  /** Empty: no roll-up. */
  readonly delimiter: string;
  /** Key bytes from which on to list. */
  readonly from: Uint8Array;
  readonly maxKeys: number;
};

export type Page = {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix of the page. */
  readonly lastItem: string | undefined;
  /** Where the next page starts; undefined on the last page. */
  readonly next: Uint8Array | undefined;
};

/** Rows fetched at a time while common prefixes are being jumped over. */
const JUMP_ROWS = 32;

/**
 * One page of a listing in byte order. Keys that share everything up to the first delimiter after the
 * prefix count as one item, and the shelf is sought past them instead of being read through.
 */
export function listPage(shelf: Pick<ObjectShelf, 'scan'>, request: PageRequest): Page {
  const { prefix, delimiter, maxKeys } = request;
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  const before = pastPrefix(prefix);
  let position: Uint8Array = laterBound(request.from, Buffer.from(prefix));
  let lastItem: string | undefined;
  let lastPrefix: string | undefined;
  let rows = delimiter === '' ? maxKeys + 1 : Math.min(JUMP_ROWS, maxKeys + 1);
  while (maxKeys > 0) {
    const batch = shelf.scan(position, before, rows);
    for (const object of batch) {
      const rolledUp = delimiter === '' ? undefined : commonPrefix(object.key, prefix, delimiter);
      if (rolledUp !== undefined && rolledUp === lastPrefix) continue;
      if (objects.length + commonPrefixes.length === maxKeys) {
        const next = rolledUpPast(lastPrefix, lastItem);
        return { objects, commonPrefixes, lastItem, next };
      }
      lastPrefix = rolledUp;
      lastItem = rolledUp ?? object.key;
      if (rolledUp === undefined) objects.push(object);
      else commonPrefixes.push(rolledUp);
    }
    if (batch.length < rows || lastItem === undefined) break;
    position = rolledUpPast(lastPrefix, lastItem);
    rows = lastPrefix === undefined ? Math.min(rows * 2, maxKeys + 1) : Math.min(JUMP_ROWS, maxKeys + 1);
  }
  return { objects, commonPrefixes, lastItem, next: undefined };
}

/** The part of a key up to and including the first delimiter after the prefix, if it has one. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

function rolledUpPast(lastPrefix: string | undefined, lastItem: string | undefined): Uint8Array {
  const past = lastPrefix === undefined ? undefined : pastPrefix(lastPrefix);
  return past ?? justAfter(lastItem ?? '');
}
