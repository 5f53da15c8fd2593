import { describe, expect, it } from 'vitest';
import { deploy } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

describe.each([
  ['plain', deploy(await plainStack())],
  ['with every parameter', deploy(await fullStack())],
])('the job store, %s', (_, stack) => {
  const bucket = stack.properties('JobStoreBucket');

  it('is private: no ACL, no policy can make it public', () => {
    expect(bucket['PublicAccessBlockConfiguration']).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(bucket['OwnershipControls']).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] });
  });

  it('is encrypted, and keeps what is overwritten for fourteen days', () => {
    expect(bucket['BucketEncryption']).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
    expect(bucket['VersioningConfiguration']).toEqual({ Status: 'Enabled' });
    expect(bucket['LifecycleConfiguration']).toEqual({
      Rules: [
        expect.objectContaining({
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        }),
        expect.objectContaining({
          Status: 'Enabled',
          NoncurrentVersionExpiration: { NoncurrentDays: 14 },
          ExpiredObjectDeleteMarker: true,
        }),
      ],
    });
  });

  it('never loses a current file by age: reports and inventories stay', () => {
    expect(JSON.stringify(bucket['LifecycleConfiguration'])).not.toMatch(
      /ExpirationInDays|ExpirationDate|Transition/,
    );
  });

  it('refuses whoever comes without TLS', () => {
    expect(stack.properties('JobStoreBucketPolicy')).toEqual({
      Bucket: stack.ref('JobStoreBucket'),
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlyOverTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [stack.arn('JobStoreBucket'), `${stack.arn('JobStoreBucket')}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  it('outlives the stack and whatever replaces it', () => {
    const { DeletionPolicy, UpdateReplacePolicy } = stack.resource('JobStoreBucket');
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
  });
});
