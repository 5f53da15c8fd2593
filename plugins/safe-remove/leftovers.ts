import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ClientConfig } from '../osls.ts';

/** What a stack leaves behind, or stumbles over. */
export type Leftovers = {
  /** Deletes every version of every object; gives their number. A bucket that is gone has none. */
  emptyBucket(bucket: string): Promise<number>;
  /** Deletes the empty bucket; succeeds when it is gone. */
  deleteBucket(bucket: string): Promise<void>;
  /** Deletes a stack and waits for it; false when there is none. */
  deleteStack(name: string): Promise<boolean>;
};

/** Deletes them in AWS. Throws what the SDK throws. */
export function awsLeftovers(config: ClientConfig): Leftovers {
  const s3 = new S3Client(config);
  const cloudFormation = new CloudFormationClient(config);
  const gone = (error: unknown): boolean => error instanceof Error && error.name === 'NoSuchBucket';
  return {
    async emptyBucket(Bucket) {
      let deleted = 0;
      try {
        for (let page: VersionsPage | null = {}; page !== null; ) {
          const answer: ListObjectVersionsCommandOutput = await s3.send(
            new ListObjectVersionsCommand({ Bucket, ...page }),
          );
          deleted += await deleteVersions(s3, Bucket, answer);
          page = nextPage(answer);
        }
      } catch (error) {
        if (!gone(error)) throw error;
      }
      return deleted;
    },
    async deleteBucket(Bucket) {
      try {
        await s3.send(new DeleteBucketCommand({ Bucket }));
      } catch (error) {
        if (!gone(error)) throw error;
      }
    },
    async deleteStack(StackName) {
      try {
        await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      } catch (error) {
        if (error instanceof Error && /does not exist/.test(error.message)) return false;
        throw error;
      }
      await cloudFormation.send(new DeleteStackCommand({ StackName }));
      await waitUntilStackDeleteComplete(
        { client: cloudFormation, maxWaitTime: 300, minDelay: 1, maxDelay: 5 },
        { StackName },
      );
      return true;
    },
  };
}

/** Where a listing of versions goes on. */
type VersionsPage = { KeyMarker?: string; VersionIdMarker?: string };

function nextPage(answer: ListObjectVersionsCommandOutput): VersionsPage | null {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = answer;
  if (IsTruncated !== true || KeyMarker === undefined) return null;
  return { KeyMarker, ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }) };
}

/** Deletes what one page names, at most a thousand, as many as one request may. [src: S3 API reference, DeleteObjects] */
async function deleteVersions(
  s3: S3Client,
  Bucket: string,
  { Versions = [], DeleteMarkers = [] }: ListObjectVersionsCommandOutput,
): Promise<number> {
  const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  if (Objects.length === 0) return 0;
  const { Errors = [] } = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
  );
  const [first] = Errors;
  if (first === undefined) return Objects.length;
  throw new Error(
    `${Errors.length} objects of ${Bucket} stay, such as ${first.Key}: ${first.Code} ${first.Message}`,
  );
}
