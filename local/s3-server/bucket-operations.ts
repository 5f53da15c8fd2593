import { receiveDocument } from './body-intake.ts';
import { OWNER } from './listing-xml.ts';
import { addressedBucket, type Operation, xmlAnswer } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { childText, readXml } from './xml-reader.ts';
import { xmlDocument } from './xml-text.ts';

/** The region whose buckets say nothing about their location, and may be created twice. */
const CLASSIC_REGION = 'us-east-1';

export const listBuckets: Operation = (server) => {
  const buckets = server.storehouse
    .buckets()
    .map(
      ({ name, createdAtMs }) =>
        `<Bucket><Name>${name}</Name><CreationDate>${new Date(createdAtMs).toISOString()}</CreationDate></Bucket>`,
    );
  const inner = `<Owner>${OWNER}</Owner><Buckets>${buckets.join('')}</Buckets>`;
  return xmlAnswer(xmlDocument('ListAllMyBucketsResult', inner));
};

export const headBucket: Operation = (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': bucket.region, 'content-type': 'application/xml' },
  };
};

/** @throws {S3Error} InvalidBucketName, BucketAlreadyOwnedByYou, MalformedXML */
export const createBucket: Operation = async (server, request) => {
  const name = request.target.bucket;
  const document = await receiveDocument(request.message, server.storehouse.bodies.large, 64 * 1024);
  if (!isBucketName(name)) throw new S3Error('InvalidBucketName', { elements: { BucketName: name } });
  const asked = document.trim() === '' ? undefined : childText(readXml(document), 'LocationConstraint');
  const region = asked || server.region;
  const existing = server.storehouse.bucket(name);
  if (existing === undefined) server.storehouse.createBucket(name, region);
  else if (existing.region !== CLASSIC_REGION) {
    throw new S3Error('BucketAlreadyOwnedByYou', { elements: { BucketName: name } });
  }
  return { status: 200, headers: { location: `/${name}` } };
};

/** @throws {S3Error} BucketNotEmpty */
export const deleteBucket: Operation = (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  if (bucket.shelf.scan(new Uint8Array(0), undefined, 1).length > 0) {
    throw new S3Error('BucketNotEmpty', { elements: { BucketName: bucket.name } });
  }
  server.storehouse.deleteBucket(bucket);
  return { status: 204 };
};

export const getBucketLocation: Operation = (server, request) => {
  const { region } = addressedBucket(server, request.target.bucket);
  return xmlAnswer(xmlDocument('LocationConstraint', region === CLASSIC_REGION ? '' : region));
};

/** The naming rules of the S3 user guide, without its reserved prefixes and suffixes. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+(\.\d+){3}$/.test(name)
  );
}
