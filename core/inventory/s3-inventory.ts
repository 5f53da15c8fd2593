import { z } from 'zod';
import { InvalidRequest, ListingFailed } from '../errors.ts';
import type { ObjectSummary } from './inventory-row.ts';

/** What of a manifest is read. [src: S3 user guide, "Locating your inventory list", manifest.json] */
const Manifest = z.object({
  sourceBucket: z.string(),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z.array(z.object({ key: z.string().min(1), MD5checksum: z.string().optional() })),
});
export type S3InventoryManifest = z.infer<typeof Manifest>;

/** Reads a manifest.json. Throws `InvalidRequest` for what is none, for ORC and Parquet, and for another bucket's. */
export function parseManifest(text: string, bucket: string): S3InventoryManifest {
  const manifest = Manifest.safeParse(jsonOf(text)).data;
  if (manifest === undefined)
    throw new InvalidRequest(
      'source.inventory names a file that is no manifest of S3 Inventory. Give the address of its manifest.json.',
    );
  if (manifest.fileFormat.toUpperCase() !== 'CSV')
    throw new InvalidRequest(
      `source.inventory is an inventory in the format ${manifest.fileFormat}, which is not read. Have S3 write it as CSV, or leave it out to have the bucket listed.`,
    );
  if (manifest.sourceBucket !== bucket)
    throw new InvalidRequest(
      `source.inventory is the inventory of bucket "${manifest.sourceBucket}", but source.bucket is "${bucket}". Give the one of this bucket.`,
    );
  return manifest;
}

/**
 * Gives what reads a line of an inventory with these columns: the object, or null for an old version or a delete marker.
 * Throws `InvalidRequest` when a column is missing that is needed; the reader throws `ListingFailed` for a line that
 * does not fit.
 */
export function lineReader(fileSchema: string): (line: string) => ObjectSummary | null {
  const columns = fileSchema.split(',').map((name) => name.trim());
  for (const needed of ['Key', 'Size', 'LastModifiedDate'])
    if (!columns.includes(needed))
      throw new InvalidRequest(
        `source.inventory has no column ${needed}. Add it to the inventory's fields (${columns.join(', ')}), or leave it out to have the bucket listed.`,
      );
  const place = (name: string): number => columns.indexOf(name);
  const [key, size, modified] = [place('Key'), place('Size'), place('LastModifiedDate')];
  const [latest, marker] = [place('IsLatest'), place('IsDeleteMarker')];
  const [etag, storageClass] = [place('ETag'), place('StorageClass')];
  return (line) => {
    const fields = fieldsOf(line);
    if (fields.length !== columns.length) throw misfit(line, `${fields.length} fields`);
    if (fields[latest] === 'false' || fields[marker] === 'true') return null;
    const sizeText = fields[size] ?? '';
    const modifiedAtMs = Date.parse(fields[modified] ?? '');
    if (!/^\d+$/.test(sizeText) || Number.isNaN(modifiedAtMs)) throw misfit(line, 'no size or no time');
    return {
      key: decodeKey(fields[key] ?? '', line),
      sizeBytes: Number(sizeText),
      etag: fields[etag]?.replaceAll('"', '') || null,
      modifiedAtMs,
      storageClass: fields[storageClass] || null,
    };
  };
}

/** Fields in quotes, in which a quote is doubled; keys are encoded, so that no line break is inside. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (const [, quoted, bare] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g))
    fields.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
  return fields;
}

/** Keys are URL-encoded, a space as a plus. [src: S3 user guide, S3 Inventory, object key name] */
function decodeKey(text: string, line: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw misfit(line, 'a key that is not encoded');
  }
}

function misfit(line: string, what: string): ListingFailed {
  return new ListingFailed(
    `a line of the inventory has ${what}: ${line.slice(0, 120)}. Have the inventory written anew, or leave source.inventory out to have the bucket listed.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
