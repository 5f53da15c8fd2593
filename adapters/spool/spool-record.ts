import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';

/** Where the fields of a record stand in its line. */
type Line = [
  key: string,
  sizeBytes: number,
  modifiedAtMs: number,
  etag: string | null,
  storageClass: string | null,
  problem?: string,
];

/** An object as one line of a spool, its end included. JSON holds no line break but this one. */
export function encodeRecord(object: ObjectSummary): string {
  const { key, sizeBytes, modifiedAtMs, etag, storageClass, problem } = object;
  const line: Line = [key, sizeBytes, modifiedAtMs, etag, storageClass];
  if (problem !== undefined) line.push(problem);
  return `${JSON.stringify(line)}\n`;
}

/** The object of a line that `encodeRecord` wrote; no schema, since a billion of them are read. */
export function decodeRecord(line: string): ObjectSummary {
  const [key, sizeBytes, modifiedAtMs, etag, storageClass, problem] = JSON.parse(line) as Line;
  return { key, sizeBytes, etag, modifiedAtMs, storageClass, ...(problem === undefined ? {} : { problem }) };
}

/** What a record takes in memory, about: two bytes a character, and what V8 adds for an object. */
export function recordBytes({ key }: ObjectSummary): number {
  return key.length * 2 + 250;
}
