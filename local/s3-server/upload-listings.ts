import { justAfter, pastPrefix } from './byte-bounds.ts';
import { commonPrefix } from './list-page.ts';
import { encodesUrls, pageSize } from './listing-operations.ts';
import { OWNER } from './listing-xml.ts';
import { addressedUpload } from './multipart-upload.ts';
import { addressedBucket, type Operation, xmlAnswer } from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { OpenUpload } from './upload-ledger.ts';
import { encodeListedKey, escapeXml, xmlDocument } from './xml-text.ts';

const PEOPLE = `<Initiator>${OWNER}</Initiator><Owner>${OWNER}</Owner>`;

/** The parts an open upload has so far, by number. */
export const listParts: Operation = (server, request) => {
  const { bucket, upload } = addressedUpload(server, request);
  const { query } = request.target;
  const after = Number(query.get('part-number-marker') || '0');
  if (!Number.isInteger(after) || after < 0) throw new S3Error('InvalidArgument');
  const maxParts = pageSize(query.get('max-parts'), 'max-parts');
  const found = server.storehouse.uploads.parts(upload.id, after, maxParts + 1);
  const parts = found.slice(0, maxParts);
  const truncated = maxParts > 0 && found.length > maxParts;
  const rows = parts.map(
    (part) =>
      `<Part><PartNumber>${part.number}</PartNumber><LastModified>${new Date(part.modifiedAtMs).toISOString()}</LastModified>` +
      `<ETag>&quot;${part.etag}&quot;</ETag><Size>${part.sizeBytes}</Size></Part>`,
  );
  const show = encodesUrls(server, request) ? encodeListedKey : escapeXml;
  const inner =
    `<Bucket>${bucket.name}</Bucket><Key>${show(upload.key)}</Key><UploadId>${upload.id}</UploadId>${PEOPLE}` +
    `<StorageClass>${upload.storageClass}</StorageClass><PartNumberMarker>${after}</PartNumberMarker>` +
    `<NextPartNumberMarker>${parts.at(-1)?.number ?? 0}</NextPartNumberMarker><MaxParts>${maxParts}</MaxParts>` +
    `<IsTruncated>${truncated}</IsTruncated>${rows.join('')}`;
  return xmlAnswer(xmlDocument('ListPartsResult', inner));
};

/** Open uploads by key in byte order and, of one key, by age. */
export const listMultipartUploads: Operation = (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  const { query } = request.target;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  // Without a key marker S3 ignores the other one; with one alone, all uploads of that key are passed over.
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const maxUploads = pageSize(query.get('max-uploads'), 'max-uploads');
  const show = encodesUrls(server, request) ? encodeListedKey : escapeXml;
  const inside =
    delimiter !== '' && keyMarker.startsWith(prefix) ? commonPrefix(keyMarker, prefix, delimiter) : undefined;
  const pastMarker = inside === undefined || idMarker !== '' ? undefined : pastPrefix(inside);
  const start =
    idMarker !== '' || keyMarker === '' ? Buffer.from(keyMarker) : (pastMarker ?? justAfter(keyMarker));
  const uploads: OpenUpload[] = [];
  const prefixes = new Set<string>();
  let truncated = false;
  let last: { key: string; id: string } | undefined;
  for (const upload of walk({ key: start, id: idMarker })) {
    if (!upload.key.startsWith(prefix)) break;
    const rolledUp = delimiter === '' ? undefined : commonPrefix(upload.key, prefix, delimiter);
    if (rolledUp !== undefined && prefixes.has(rolledUp)) continue;
    if (uploads.length + prefixes.size >= maxUploads) {
      truncated = maxUploads > 0;
      break;
    }
    if (rolledUp === undefined) uploads.push(upload);
    else prefixes.add(rolledUp);
    last = rolledUp === undefined ? upload : { key: rolledUp, id: '' };
  }

  function* walk(from: { key: Uint8Array; id: string }): Generator<OpenUpload> {
    for (let after = from; ; ) {
      const batch = server.storehouse.uploads.list(bucket.id, after, Buffer.from(prefix), 1000);
      yield* batch;
      const end = batch.at(-1);
      if (end === undefined || batch.length < 1000) return;
      after = { key: Buffer.from(end.key), id: end.id };
    }
  }

  const rows = uploads.map(
    (upload) =>
      `<Upload><Key>${show(upload.key)}</Key><UploadId>${upload.id}</UploadId>${PEOPLE}` +
      `<StorageClass>${upload.storageClass}</StorageClass><Initiated>${new Date(upload.startedAtMs).toISOString()}</Initiated></Upload>`,
  );
  const rolled = [...prefixes].map((one) => `<CommonPrefixes><Prefix>${show(one)}</Prefix></CommonPrefixes>`);
  const inner =
    `<Bucket>${bucket.name}</Bucket><KeyMarker>${show(keyMarker)}</KeyMarker><UploadIdMarker>${escapeXml(idMarker)}</UploadIdMarker>` +
    (truncated && last !== undefined
      ? `<NextKeyMarker>${show(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
      : '') +
    `<Prefix>${show(prefix)}</Prefix>${delimiter === '' ? '' : `<Delimiter>${show(delimiter)}</Delimiter>`}` +
    `<MaxUploads>${maxUploads}</MaxUploads><IsTruncated>${truncated}</IsTruncated>` +
    (encodesUrls(server, request) ? '<EncodingType>url</EncodingType>' : '') +
    rows.join('') +
    rolled.join('');
  return xmlAnswer(xmlDocument('ListMultipartUploadsResult', inner));
};
