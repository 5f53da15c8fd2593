import { gunzipSync, gzipSync } from 'node:zlib';
import type { z } from 'zod';

/** Rows as gzipped JSON lines. Files of this kind may be joined byte by byte. */
export function encodeLines(rows: readonly unknown[]): Uint8Array {
  return gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** The rows of one file that `encodeLines` wrote; throws when a row is not of the schema. */
export function decodeLines<Row extends z.ZodType>(bytes: Uint8Array, row: Row): z.output<Row>[] {
  return gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => row.parse(JSON.parse(line)));
}

/** A value as a JSON file. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** The value of a JSON file; throws when it is not of the schema. */
export function decodeJson<Value extends z.ZodType>(bytes: Uint8Array, schema: Value): z.output<Value> {
  return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}
