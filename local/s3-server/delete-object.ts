import { isChecksumHeader } from './body-digests.ts';
import { receiveDocument } from './body-intake.ts';
import { addressedBucket, header, type Operation, xmlAnswer } from './operation.ts';
import { checkWriteConditions } from './preconditions.ts';
import { S3Error } from './s3-error.ts';
import { childText, readXml } from './xml-reader.ts';
import { escapeXml, xmlDocument } from './xml-text.ts';

/** S3's limits for one DeleteObjects. */
const MOST_KEYS = 1000;
const LARGEST_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** What was not there is as good as deleted: 204 either way. @throws {S3Error} PreconditionFailed (If-Match) */
export const deleteObject: Operation = (server, request) => {
  const { shelf } = addressedBucket(server, request.target.bucket);
  const { key } = request.target;
  if (header(request, 'if-match') !== undefined) checkWriteConditions(request, () => shelf.find(key));
  shelf.remove(key);
  return { status: 204 };
};

/** Up to 1,000 keys at once; keys that may not be deleted are named in the answer, the others go. @throws {S3Error} MalformedXML, InvalidRequest */
export const deleteObjects: Operation = async (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  const isDigested = Object.keys(request.headers).some(
    (name) => name === 'content-md5' || isChecksumHeader(name),
  );
  if (!isDigested && header(request, 'x-amz-trailer') === undefined) {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    });
  }
  const { large } = server.storehouse.bodies;
  const root = readXml(await receiveDocument(request.message, large, LARGEST_DOCUMENT_BYTES));
  const named = root.children
    .filter((child) => child.name === 'Object')
    .map((child) => childText(child, 'Key'));
  if (root.name !== 'Delete' || named.length === 0 || named.length > MOST_KEYS)
    throw new S3Error('MalformedXML');
  const quiet = childText(root, 'Quiet') === 'true';
  let inner = '';
  for (const key of named) {
    if (key === undefined || key === '') throw new S3Error('MalformedXML');
    const shown = `<Key>${escapeXml(key)}</Key>`;
    try {
      server.faults.refuseDenied('DeleteObject', bucket.name, key);
      bucket.shelf.remove(key);
      if (!quiet) inner += `<Deleted>${shown}</Deleted>`;
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      inner += `<Error>${shown}<Code>${error.code}</Code><Message>${error.message}</Message></Error>`;
    }
  }
  return xmlAnswer(xmlDocument('DeleteResult', inner));
};
