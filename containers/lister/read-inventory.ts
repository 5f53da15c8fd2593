import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InvalidRequest, ListingFailed } from '../../core/errors.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { lineReader, parseManifest } from '../../core/inventory/s3-inventory.ts';
import { readShardRows, ShardSummary } from '../../core/inventory/shard.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson } from '../../core/json-lines.ts';
import { MigrationPlan, sourceLocation } from '../../core/migration.ts';
import type { JobStore, ObjectStore } from '../../core/ports.ts';
import type { S3Request } from '../../core/request.ts';

type Pages = AsyncGenerator<ObjectSummary[]>;

const pageObjects = 1000;

/**
 * The objects of a finished inventory of S3, in the order of its files: current versions only. `store` is the bucket
 * that holds it. Throws `InvalidRequest` for an inventory that cannot be used and `ListingFailed` for a damaged one.
 */
export async function* readS3Inventory(
  manifestKey: string,
  sourceBucket: string,
  store: Pick<ObjectStore, 'get'>,
): Pages {
  const found = await store.get(manifestKey);
  if (found === null)
    throw new InvalidRequest(
      `source.inventory names ${JSON.stringify(manifestKey)}, which is not there. Give the address of a manifest.json.`,
    );
  const manifest = parseManifest(await textOf(found.body), sourceBucket);
  const read = lineReader(manifest.fileSchema);
  for (const { key, MD5checksum } of manifest.files) {
    const file = await store.get(key);
    if (file === null) throw damaged(key, 'is not there');
    const digest = createHash('md5');
    let page: ObjectSummary[] = [];
    for await (const line of linesOf(file.body, key, (chunk) => digest.update(chunk))) {
      const object = line === '' ? null : read(line);
      if (object !== null) page.push(object);
      if (page.length < pageObjects) continue;
      yield page;
      page = [];
    }
    if (MD5checksum !== undefined && digest.digest('hex') !== MD5checksum.toLowerCase())
      throw damaged(key, 'has not the MD5 that the manifest promises');
    yield page;
  }
}

/**
 * The objects that an earlier migration listed, whatever it decided for them. Throws `InvalidRequest` when that
 * listing is not there, never ended, or is of another source.
 */
export async function* readOwnInventory(folder: string, request: S3Request, jobStore: JobStore): Pages {
  const [listingFile, planFile] = await Promise.all([
    jobStore.read(jobLayout.listing(folder)),
    jobStore.read(jobLayout.plan(folder)),
  ]);
  const refused = (why: string) =>
    new InvalidRequest(
      `source.inventory is "${folder}", ${why}. Name a migration that listed all of this source, or leave it out to have it listed.`,
    );
  if (listingFile === null || planFile === null) throw refused('where no listing came to its end');
  const before = decodeJson(planFile.bytes, MigrationPlan).request;
  const [theirs, ours] = [sourceLocation(before), sourceLocation(request)];
  if (
    !('bucket' in theirs && 'bucket' in ours) ||
    theirs.bucket !== ours.bucket ||
    theirs.endpoint !== ours.endpoint
  )
    throw refused('which listed another source');
  if (!request.source.prefix.startsWith(before.source.prefix))
    throw refused(`which listed the prefix ${JSON.stringify(before.source.prefix)} only`);
  for await (const path of jobStore.list(jobLayout.shardSummaries(folder))) {
    const file = await jobStore.read(path);
    if (file === null) continue;
    const summary = decodeJson(file.bytes, ShardSummary);
    for await (const rows of readShardRows(jobStore, folder, summary))
      yield rows.map(({ key, sizeBytes, etag, modifiedAtMs, storageClass }) => ({
        key,
        sizeBytes,
        etag,
        modifiedAtMs,
        storageClass,
      }));
  }
}

/** The lines of a file that may be gzipped. `seen` gets the bytes as they are stored. */
async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  key: string,
  seen: (chunk: Uint8Array) => void,
): AsyncGenerator<string> {
  async function* watched() {
    for await (const chunk of body) {
      seen(chunk);
      yield chunk;
    }
  }
  const text = key.endsWith('.gz') ? createGunzip() : new PassThrough();
  let failure: unknown = null;
  const piped = pipeline(Readable.from(watched()), text).catch((error: unknown) => {
    failure = error;
  });
  try {
    let rest = '';
    for await (const chunk of text.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield line.replace(/\r$/, '');
    }
    yield rest;
  } catch (error) {
    failure ??= error;
  } finally {
    text.destroy();
  }
  await piped;
  if (failure !== null) throw damaged(key, `cannot be read (${String(failure)})`);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function damaged(key: string, how: string): ListingFailed {
  return new ListingFailed(
    `the file ${JSON.stringify(key)} of the inventory ${how}. Have the inventory written anew, or leave source.inventory out to have the bucket listed.`,
  );
}
