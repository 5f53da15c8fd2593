import { OWNER } from './listing-xml.ts';
import { addressedBucket, type Operation, xmlAnswer } from './operation.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import { xmlDocument } from './xml-text.ts';

const GRANT =
  `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${OWNER}` +
  '</Grantee><Permission>FULL_CONTROL</Permission></Grant>';

const ACL = xmlDocument(
  'AccessControlPolicy',
  `<Owner>${OWNER}</Owner><AccessControlList>${GRANT}</AccessControlList>`,
);

/** What a bucket that nobody ever configured answers, by sub-resource: a document, or S3's word for "none". */
const UNCONFIGURED: Readonly<Record<string, { document: string } | { refusal: S3ErrorCode }>> = {
  acl: { document: ACL },
  cors: { refusal: 'NoSuchCORSConfiguration' },
  encryption: {
    document: xmlDocument(
      'ServerSideEncryptionConfiguration',
      '<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>' +
        '</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>',
    ),
  },
  lifecycle: { refusal: 'NoSuchLifecycleConfiguration' },
  logging: { document: xmlDocument('BucketLoggingStatus', '') },
  notification: { document: xmlDocument('NotificationConfiguration', '') },
  'object-lock': { refusal: 'ObjectLockConfigurationNotFoundError' },
  ownershipControls: {
    document: xmlDocument(
      'OwnershipControls',
      '<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>',
    ),
  },
  policy: { refusal: 'NoSuchBucketPolicy' },
  policyStatus: { refusal: 'NoSuchBucketPolicy' },
  publicAccessBlock: { refusal: 'NoSuchPublicAccessBlockConfiguration' },
  replication: { refusal: 'ReplicationConfigurationNotFoundError' },
  requestPayment: { document: xmlDocument('RequestPaymentConfiguration', '<Payer>BucketOwner</Payer>') },
  tagging: { refusal: 'NoSuchTagSet' },
  versioning: { document: xmlDocument('VersioningConfiguration', '') },
  website: { refusal: 'NoSuchWebsiteConfiguration' },
};

/** The bucket sub-resources that a GET may ask for. */
export const BUCKET_SETTINGS: readonly string[] = Object.keys(UNCONFIGURED);

/** The settings clients probe before they work: all of them as on a bucket nobody configured. */
export function getBucketSetting(setting: string): Operation {
  const answer = UNCONFIGURED[setting];
  return (server, request) => {
    const bucket = addressedBucket(server, request.target.bucket);
    if (answer === undefined) throw new S3Error('NotImplemented');
    if ('refusal' in answer) throw new S3Error(answer.refusal, { elements: { BucketName: bucket.name } });
    return xmlAnswer(answer.document);
  };
}

/** The ACL of an object: its owner's, for there are no others. */
export const getObjectAcl: Operation = (server, request) => {
  const { bucket, key } = request.target;
  if (addressedBucket(server, bucket).shelf.find(key) === undefined) {
    throw new S3Error('NoSuchKey', { elements: { Key: key } });
  }
  return xmlAnswer(ACL);
};
