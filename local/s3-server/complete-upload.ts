import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isChecksumHeader } from './body-digests.ts';
import { receiveDocument } from './body-intake.ts';
import { addressedUpload } from './multipart-upload.ts';
import { encryptionHeaders } from './object-attributes.ts';
import { header, type Operation, type S3Request, xmlAnswer } from './operation.ts';
import { checkWriteConditions } from './preconditions.ts';
import { S3Error } from './s3-error.ts';
import type { OpenUpload, UploadedPart } from './upload-ledger.ts';
import { contentEtag, wholeSecondNowMs } from './write-object.ts';
import { childText, readXml } from './xml-reader.ts';
import { escapeXml, xmlDocument } from './xml-text.ts';

/** Ten thousand parts with checksums fit well below this. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * Makes the listed parts one object: no byte is copied, the object points at the parts.
 * @throws {S3Error} MalformedXML, InvalidPart, InvalidPartOrder, EntityTooSmall, PreconditionFailed
 */
export const completeMultipartUpload: Operation = async (server, request) => {
  const { large } = server.storehouse.bodies;
  const document = await receiveDocument(request.message, large, LARGEST_DOCUMENT_BYTES);
  // Found after the last await: two completions of one upload must not both succeed.
  const { bucket, upload } = addressedUpload(server, request);
  const parts = listedParts(document, server.storehouse.uploads.parts(upload.id));
  refuseSmallParts(parts, server.minimumPartBytes);
  checkWriteConditions(request, () => bucket.shelf.find(upload.key));
  const joined = createHash('md5');
  for (const part of parts) joined.update(Buffer.from(part.etag, 'hex'));
  const etag = `${contentEtag(joined.digest('hex'), upload.attributes)}-${parts.length}`;
  const body = parts.flatMap((part) => part.body);
  const checksums =
    upload.intent.type === 'FULL_OBJECT' ? fullChecksum(request) : compositeChecksum(upload, parts);
  const object = {
    key: upload.key,
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag,
    modifiedAtMs: wholeSecondNowMs(),
    storageClass: upload.storageClass,
    attributes: { ...upload.attributes, checksums },
  };
  bucket.shelf.put(object, { parts: body });
  server.storehouse.uploads.close(upload.id, body);
  const location = `http://${header(request, 'host') ?? 'localhost'}${request.target.rawPath}`;
  const inner =
    `<Location>${escapeXml(location)}</Location><Bucket>${bucket.name}</Bucket>` +
    `<Key>${escapeXml(upload.key)}</Key><ETag>&quot;${etag}&quot;</ETag>`;
  const answer = xmlAnswer(xmlDocument('CompleteMultipartUploadResult', inner));
  return { ...answer, headers: { ...answer.headers, ...encryptionHeaders(upload.attributes) } };
};

function listedParts(document: string, uploaded: readonly UploadedPart[]): readonly UploadedPart[] {
  const root = readXml(document);
  const listed = root.children.filter((child) => child.name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || listed.length === 0) throw new S3Error('MalformedXML');
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  let previous = 0;
  return listed.map((element) => {
    const number = Number(childText(element, 'PartNumber')?.trim());
    const etag = childText(element, 'ETag')
      ?.trim()
      .replace(/^"(.*)"$/, '$1');
    if (!Number.isInteger(number) || etag === undefined) throw new S3Error('MalformedXML');
    if (number <= previous) throw new S3Error('InvalidPartOrder');
    previous = number;
    const part = byNumber.get(number);
    if (part === undefined || part.etag !== etag) {
      throw new S3Error('InvalidPart', { elements: { PartNumber: String(number), ETag: etag } });
    }
    return part;
  });
}

function refuseSmallParts(parts: readonly UploadedPart[], minimumPartBytes: number): void {
  for (const part of parts.slice(0, -1)) {
    if (part.sizeBytes >= minimumPartBytes) continue;
    throw new S3Error('EntityTooSmall', {
      elements: {
        ProposedSize: String(part.sizeBytes),
        MinSizeAllowed: String(minimumPartBytes),
        PartNumber: String(part.number),
      },
    });
  }
}

/** The checksum of the whole that the client worked out itself; taken on trust. */
function fullChecksum(request: S3Request): Record<string, string> {
  const checksums: Record<string, string> = { 'x-amz-checksum-type': 'FULL_OBJECT' };
  for (const name of Object.keys(request.headers)) {
    if (isChecksumHeader(name)) checksums[name] = header(request, name) ?? '';
  }
  return Object.keys(checksums).length > 1 ? checksums : {};
}

/** The checksum of the parts' checksums, which S3 marks with the number of parts as it does the ETag. */
function compositeChecksum(upload: OpenUpload, parts: readonly UploadedPart[]): Record<string, string> {
  const algorithm = upload.intent.algorithm?.toLowerCase();
  const name = `x-amz-checksum-${algorithm}`;
  const each: Buffer[] = [];
  for (const part of parts) {
    const checksum = part.checksums[name];
    if (checksum === undefined) return {};
    each.push(Buffer.from(checksum, 'base64'));
  }
  const all = Buffer.concat(each);
  const digest = Buffer.alloc(4);
  if (algorithm === 'crc32') digest.writeUInt32BE(crc32(all));
  else if (algorithm !== 'sha1' && algorithm !== 'sha256') return {};
  const bytes = algorithm === 'crc32' ? digest : createHash(algorithm).update(all).digest();
  return { [name]: `${bytes.toString('base64')}-${parts.length}`, 'x-amz-checksum-type': 'COMPOSITE' };
}
