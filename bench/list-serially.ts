import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

/** The plain loop over the SDK that everyone writes first. Arguments: endpoint, bucket. */
const [endpoint = '', bucket = ''] = process.argv.slice(2);
const client = new S3Client({
  region: 'us-east-1',
  endpoint,
  forcePathStyle: true,
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
});
// What a listing takes, without the start of Node.
const before = { cpu: process.cpuUsage(), ms: performance.now() };
let objects = 0;
let pages = 0;
let token: string | undefined;
do {
  const page = await client.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    }),
  );
  objects += page.Contents?.length ?? 0;
  pages += 1;
  token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
} while (token !== undefined);
const { user, system } = process.cpuUsage(before.cpu);
const taken = { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - before.ms) / 1000 };
process.stdout.write(`${JSON.stringify({ objects, pages, ...taken })}\n`);
process.exit(0);
