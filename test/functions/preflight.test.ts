import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeOpener } from '../../adapters/aws/open-store.ts';
import { MemorySecrets } from '../../adapters/memory/secrets.ts';
import { encodeBatch } from '../../core/batching/batch.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson, encodeJson } from '../../core/json-lines.ts';
import { batchEnvelope, MigrationPlan } from '../../core/migration.ts';
import { parseRequest } from '../../core/request.ts';
import { holdStack, releaseStack } from '../../functions/hold-stack.ts';
import { preflight } from '../../functions/preflight.ts';
import { perform } from '../../functions/step.ts';
import { faultsWith } from '../../local/s3-server/faults.ts';
import { type S3Server, startS3Server } from '../../local/s3-server/s3-server.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, samplePlan, smallInput, smallSecrets } from '../support/sample-migration.ts';

const { folder, migration } = address;
const startedAt = '2026-03-01T10:00:00.000Z';
const credentials = { from: { FROMKEY: 'from-secret' }, to: { TOKEY: 'to-secret' } };
const probe = `in/.drover-probe-${migration}`;
let source: S3Server;
let destination: S3Server;
let stack: ReturnType<typeof memoryStack>;
let secrets: MemorySecrets;

beforeAll(async () => {
  source = await startS3Server({ buckets: ['media-archive', 'empty'] });
  destination = await startS3Server({ buckets: ['archive'], region: 'us-east-1' });
  for (const key of ['a', 'b', 'docs/c'])
    await fetch(`${source.endpoint}/media-archive/${key}`, { method: 'PUT', body: key });
});
afterAll(async () => {
  await source.stop();
  await destination.stop();
});
beforeEach(() => {
  stack = memoryStack();
  secrets = new MemorySecrets(smallSecrets);
  for (const server of [source, destination]) Object.assign(server.faults, faultsWith());
  source.credentials = credentials.from;
  destination.credentials = credentials.to;
});

type Fields = Record<string, unknown>;
type Asked = Fields & { source?: Fields; destination?: Fields };
const inputOf = ({ source: from, destination: to, ...rest }: Asked = {}) => ({
  ...smallInput,
  ...rest,
  source: {
    ...smallInput.source,
    endpoint: source.endpoint,
    ...from,
    // The only server here that knows its region is the destination's.
    ...(from?.['endpoint'] === 'destination' ? { endpoint: destination.endpoint } : {}),
  },
  destination: { ...smallInput.destination, endpoint: destination.endpoint, prefix: 'in/', ...to },
});
const eventOf = (more: Asked = {}) => ({
  ...address,
  startedAt,
  request: parseRequest(inputOf(more)),
});
const run = (more: Asked = {}) =>
  perform(preflight, eventOf(more), { ...stack, openStore: storeOpener(secrets, { maxAttempts: 1 }) });

/** Keys at the destination, seen by somebody who may see everything. */
async function keysThere(): Promise<string[]> {
  destination.credentials = undefined;
  const answer = await fetch(`${destination.endpoint}/archive?list-type=2`);
  return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '');
}
async function storedPlan(): Promise<MigrationPlan | null> {
  const file = await stack.jobStore.read(jobLayout.plan(folder));
  return file === null ? null : decodeJson(file.bytes, MigrationPlan);
}

describe('when everything is in order', () => {
  it('the plan is stored and only what the next states need is handed on', async () => {
    expect(await run({ fleet: { maxWorkers: 7 } })).toEqual({
      ...address,
      startedAt,
      maxWorkers: 7,
      objectTags: 'copy',
    });
    expect(await storedPlan()).toEqual({
      version: 1,
      ...address,
      createdAtMs: 2_000_000,
      request: parseRequest(inputOf({ fleet: { maxWorkers: 7 } })),
      capabilities: {
        listing: 'v2',
        sourceEtagIsMd5: true,
        destinationEtagIsMd5: true,
        sourceTags: true,
      },
      objectTags: 'copy',
      requests: {
        source: { ListObjectsV2: 3, HeadObject: 1, GetObjectTagging: 1 },
        destination: { ListObjectsV2: 1, PutObject: 1, HeadObject: 1, PutObjectTagging: 1, DeleteObject: 1 },
      },
    });
    expect(await keysThere()).toEqual([]);
  });

  it('the probe was written as the objects will be', async () => {
    destination.faults.deny = [{ bucket: 'archive', operation: 'DeleteObject' }];
    await expect(run({ destination: { storageClass: 'STANDARD_IA' } })).rejects.toThrow();
    destination.credentials = undefined;
    const answer = await fetch(`${destination.endpoint}/archive/${probe}`, { method: 'HEAD' });
    expect(answer.headers.get('x-amz-storage-class')).toBe('STANDARD_IA');
    destination.faults.deny = [];
    await fetch(`${destination.endpoint}/archive/${probe}`, { method: 'DELETE' });
  });

  it('the plan holds no secret value', async () => {
    await run();
    const text = JSON.stringify(await storedPlan());
    expect(text).toContain('/from/secret');
    for (const value of Object.values(smallSecrets)) expect(text).not.toContain(value);
  });

  it('an empty source is no mistake', async () => {
    expect(await run({ source: { bucket: 'empty' } })).toMatchObject({ objectTags: 'ignore' });
  });

  it('the last words of an earlier lister are forgotten, so that they explain no later failure', async () => {
    await stack.jobStore.write(jobLayout.listingError(folder), encodeJson({ name: 'E', message: 'm' }));
    await run();
    expect(await stack.jobStore.read(jobLayout.listingError(folder))).toBeNull();
  });

  it('a later attempt keeps the moment at which the migration began', async () => {
    await run();
    await stack.clock.sleep(5000);
    await run({ fleet: { maxWorkers: 3 } });
    expect(await storedPlan()).toMatchObject({
      createdAtMs: 2_000_000,
      request: { fleet: { maxWorkers: 3 } },
    });
  });
});

describe('what the source can do is found out', () => {
  it.each([
    ['a store with tags', { tagging: true }, { listing: 'v2', sourceTags: true }, 'copy'],
    ['a store without tags', { tagging: false }, { listing: 'v2', sourceTags: false }, 'ignore'],
    [
      'a store that shows nobody its tags',
      { deny: [{ bucket: 'media-archive', operation: 'GetObjectTagging' }] },
      { sourceTags: false },
      'ignore',
    ],
    ['a store without the second listing', { listing: 'v1-only' }, { listing: 'v1' }, 'copy'],
    ['a store that knows no StartAfter', { listing: 'no-start-after' }, { listing: 'v1' }, 'copy'],
    [
      'a store that goes on by its own tokens only',
      { listing: 'token-only' },
      { listing: 'folders' },
      'copy',
    ],
    ['the same that shows no folders', { listing: 'no-delimiter' }, { listing: 'stream' }, 'copy'],
    ['a store that lists in an order of its own', { listing: 'unordered' }, { listing: 'unordered' }, 'copy'],
  ] as const)('%s', async (_, faults, capabilities, objectTags) => {
    Object.assign(source.faults, faults);
    expect((await run()).objectTags).toBe(objectTags);
    expect((await storedPlan())?.capabilities).toMatchObject(capabilities);
  });

  it('and an ETag that is no MD5 is not taken for one', async () => {
    source.credentials = undefined;
    const headers = { 'x-amz-server-side-encryption': 'aws:kms' };
    await fetch(`${source.endpoint}/empty/k`, { method: 'PUT', body: 'k', headers });
    await run({ source: { bucket: 'empty' }, destination: { kmsKeyId: 'key-1' } });
    expect((await storedPlan())?.capabilities).toMatchObject({
      sourceEtagIsMd5: false,
      destinationEtagIsMd5: false,
    });
    await fetch(`${source.endpoint}/empty/k`, { method: 'DELETE' });
  });
});

describe('is refused, with the mend, and leaves no probe and no plan', () => {
  const closed = 'http://127.0.0.1:9';
  type Case = [string, { from?: object; to?: object; request?: Asked; before?: () => void }, string, RegExp];
  const deny = (bucket: string, operation: string) => ({ deny: [{ bucket, operation }] });
  const cases: Case[] = [
    [
      'a source that nobody answers at',
      { request: { source: { endpoint: closed } } },
      'SourceUnreachable',
      /^the source does not answer \(ECONNREFUSED: .*\)\. Look at the endpoint, the network and source\.bucket "media-archive"\.$/,
    ],
    [
      'a source bucket that is not there',
      { request: { source: { bucket: 'nowhere' } } },
      'SourceUnreachable',
      /^the source has no bucket "nowhere" \(NoSuchBucket: .*\)\. Mend source\.bucket or the endpoint\.$/,
    ],
    [
      'a source key that is wrong',
      { before: () => secrets.set('/from/key', 'OTHER') },
      'SourceDenied',
      /^the source refuses the credentials \(InvalidAccessKeyId: .*\)\. Mend the secrets that source\.secrets names\.$/,
    ],
    [
      'a source secret that is wrong',
      { before: () => secrets.set('/from/secret', 'other') },
      'SourceDenied',
      /^the source refuses the credentials \(SignatureDoesNotMatch: .*\)\. Mend the secrets that source\.secrets names\.$/,
    ],
    [
      'a source token that is over',
      { from: { expiredKeys: ['FROMKEY'] } },
      'SourceDenied',
      /^the source refuses the credentials \(ExpiredToken: /,
    ],
    [
      'a destination that is full',
      { to: { errorRate: [{ operation: 'PutObject', status: 507, probability: 1 }] } },
      'DestinationDenied',
      /^the destination takes nothing from anybody \(InsufficientStorage: .*\)\. Make room, or mend the account of "archive" under "in\/"\.$/,
    ],
    [
      'a source whose account is closed',
      { from: { errorRate: [{ operation: '*', status: 507, probability: 1 }] } },
      'SourceDenied',
      /^the source serves nobody \(InsufficientStorage: .*\)\. Mend the account that it belongs to\.$/,
    ],
    [
      'a source that may not be listed',
      { from: deny('media-archive', 'ListObjectsV2') },
      'SourceDenied',
      /^the source credentials may not list "media-archive" \(AccessDenied: .*\)\. Allow s3:ListBucket to them\.$/,
    ],
    [
      'a source that may not be read',
      { from: deny('media-archive', 'GetObject') },
      'SourceDenied',
      /^the source credentials may not read "media-archive" \(.*\)\. Allow s3:GetObject to them\.$/,
    ],
    [
      'a source that hides the tags that the request wants',
      { from: deny('media-archive', 'GetObjectTagging'), request: { objectTags: 'copy' } },
      'SourceDenied',
      /^the source credentials may not read the tags of "media-archive" \(AccessDenied: .*\)\. Allow s3:GetObjectTagging to them, or set objectTags to "ignore"\.$/,
    ],
    [
      'a source that fails when it is asked for tags, instead of leaving them behind',
      { from: { errorRate: [{ operation: 'GetObjectTagging', status: 500, probability: 1 }] } },
      'SourceUnreachable',
      /^the source does not answer \(InternalError: /,
    ],
    [
      'a source in another region',
      {
        request: {
          source: {
            bucket: 'archive',
            region: 'eu-west-1',
            endpoint: 'destination',
            secrets: { accessKey: '/to/key', secretKey: '/to/secret' },
          },
        },
      },
      'WrongRegion',
      /^the source bucket "archive" is not in source\.region "eu-west-1" but in "us-east-1" \(.*\)\. Mend source\.region\.$/,
    ],
    [
      'a source that has too much to do',
      { from: { errorRate: [{ operation: '*', status: 503, probability: 1 }] } },
      'SourceUnreachable',
      /^the source does not answer \(SlowDown: /,
    ],
    [
      'a destination that nobody answers at',
      { request: { destination: { endpoint: closed } } },
      'DestinationUnreachable',
      /^the destination does not answer \(ECONNREFUSED: .*\)\. Look at destination\.endpoint, the network and the bucket "archive" under "in\/"\.$/,
    ],
    [
      'a destination bucket that is not there',
      { request: { destination: { bucket: 'nowhere' } } },
      'DestinationUnreachable',
      /^the destination has no bucket "nowhere" \(NoSuchBucket: .*\)\. Create it, or mend destination\.bucket\.$/,
    ],
    [
      'a destination in another region',
      { request: { destination: { region: 'eu-west-1' } } },
      'WrongRegion',
      /^the destination bucket "archive" is not in destination\.region "eu-west-1" but in "us-east-1" \(.*\)\. Mend destination\.region\.$/,
    ],
    [
      'a destination secret that is wrong',
      { before: () => secrets.set('/to/secret', 'other') },
      'DestinationDenied',
      /^the destination refuses the credentials \(SignatureDoesNotMatch: .*\)\. Mend the secrets that destination\.secrets names, or the AWS credentials of this place\.$/,
    ],
    ...(
      [
        ['listed', 'ListObjectsV2', 'list (s3:ListBucket)'],
        ['written', 'PutObject', 'write (s3:PutObject)'],
        ['read back', 'GetObject', 'read (s3:GetObject)'],
        ['tagged', 'PutObjectTagging', 'tag (s3:PutObjectTagging)'],
      ] as const
    ).map(
      ([what, operation, doing]): Case => [
        `a destination that may not be ${what}`,
        { to: deny('archive', operation), request: { objectTags: 'copy' } },
        'DestinationDenied',
        new RegExp(
          `^Drover may not ${doing.replace(/[()]/g, '\\$&')} at the destination "archive" under "in/" \\(.*\\)\\. Allow it there`,
        ),
      ],
    ),
    [
      'a destination that may not be tagged, when a rule tags',
      {
        to: deny('archive', 'PutObjectTagging'),
        from: { tagging: false },
        request: { rules: [{ match: '**', tags: { team: 'media' } }] },
      },
      'DestinationDenied',
      /^Drover may not tag \(s3:PutObjectTagging\)/,
    ],
    [
      'a destination that may not be tagged, when the source has tags and the request says nothing',
      { to: deny('archive', 'PutObjectTagging') },
      'DestinationDenied',
      /^Drover may not tag \(s3:PutObjectTagging\) at the destination "archive" under "in\/" \(AccessDenied: .*\)\. Allow it there, or set objectTags to "ignore"\.$/,
    ],
  ];
  it.each(cases)('%s', async (_, { from, to, request, before }, name, message) => {
    before?.();
    Object.assign(source.faults, from);
    Object.assign(destination.faults, to);
    await expect(run(request)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect(await storedPlan()).toBeNull();
    expect(await keysThere()).toEqual([]);
  });

  it('no tagging is asked for where nothing will be tagged', async () => {
    source.faults.tagging = false;
    Object.assign(destination.faults, deny('archive', 'PutObjectTagging'));
    expect(await run()).toMatchObject({ objectTags: 'ignore' });
  });

  it('nor where the request says to leave tags behind', async () => {
    Object.assign(destination.faults, deny('archive', 'PutObjectTagging'));
    expect(await run({ objectTags: 'ignore' })).toMatchObject({ objectTags: 'ignore' });
  });

  it('a message never shows a secret', async () => {
    secrets.set('/from/secret', 'hidden-and-wrong');
    const message = await run().then(
      () => '',
      (error: Error) => `${error.message}${error.stack}`,
    );
    expect(message).toContain('SignatureDoesNotMatch');
    expect(message).not.toContain('hidden-and-wrong');
  });
});

describe('a destination that may not be deleted from', () => {
  it('is refused; the probe cannot but stay', async () => {
    destination.faults.deny = [{ bucket: 'archive', operation: 'DeleteObject' }];
    await expect(run()).rejects.toMatchObject({
      name: 'DestinationDenied',
      message: expect.stringContaining('may not delete (s3:DeleteObject)'),
    });
    expect(await keysThere()).toEqual([probe]);
    destination.faults.deny = [];
    await fetch(`${destination.endpoint}/archive/${probe}`, { method: 'DELETE' });
  });
});

describe('a stack that is taken', () => {
  const batchOf = (owner: string) =>
    encodeBatch({
      ...batchEnvelope({ ...samplePlan(), migration: owner }),
      batch: '0000-0',
      shard: '0000',
      attempt: 1,
      files: [{ key: 'a', to: 'a', sizeBytes: 1, etag: null, modifiedAtMs: 0, storageClass: null }],
    });

  it('by another migration’s batches is not used, and they stay where they are', async () => {
    await stack.queue.send([{ body: batchOf(migration) }, { body: batchOf('other') }]);
    await expect(run()).rejects.toMatchObject({
      name: 'StackBusy',
      message:
        'the queue still holds batches of migration "other". Start that one again to finish it, or deploy another stage for this one.',
    });
    expect(await stack.queue.counts()).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    expect(await storedPlan()).toBeNull();
    expect(source.requests.count('ListObjectsV2')).toBeGreaterThan(0);
  });

  it('by another migration that has queued nothing yet is not used, and the plan of nobody is written', async () => {
    stack.settings.stackHolder = 'stack/holder.json';
    await holdStack('other', 1_000_000, stack);
    await expect(run()).rejects.toMatchObject({
      name: 'StackBusy',
      message: expect.stringContaining('migration "other" has this stack'),
    });
    expect(await storedPlan()).toBeNull();
    await releaseStack('other', stack);
    await expect(run()).resolves.toMatchObject(address);
    await expect(holdStack('other', 1_000_000, stack)).rejects.toMatchObject({ name: 'StackBusy' });
  });

  it('by what is no batch is not used', async () => {
    await stack.queue.send([{ body: 'hello' }]);
    await expect(run()).rejects.toMatchObject({
      name: 'StackBusy',
      message:
        'the queue holds a message that is no batch of Drover. Empty the queue, or deploy another stage for this migration.',
    });
  });

  it('by this migration’s own batches is its own: it resumes', async () => {
    await stack.queue.send([{ body: batchOf(migration) }]);
    await expect(run()).resolves.toMatchObject(address);
    expect(await stack.queue.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });
});

describe('a migration that was begun with other options', () => {
  it.each([
    ['one', { select: { exclude: ['x/**'] } }, 'select'],
    [
      'several',
      { existing: 'keep', destination: { prefix: 'other/', storageClass: 'STANDARD_IA' } },
      'destination.prefix, destination.storageClass, existing',
    ],
    ['another source', { source: { bucket: 'empty' } }, 'source.bucket'],
  ])('is not mixed with these: %s', async (_, more, fields) => {
    await run();
    const before = await storedPlan();
    await expect(run(more)).rejects.toMatchObject({
      name: 'CheckpointMismatch',
      message: `migration "exit-ibm" was begun with another ${fields}. Start this request under another id, or start the first one again to finish it.`,
    });
    expect(await storedPlan()).toEqual(before);
  });

  it('is refused before anything is asked of either store', async () => {
    await stack.jobStore.write(jobLayout.plan(folder), encodeJson(samplePlan()));
    source.requests.reset();
    destination.requests.reset();
    await expect(run()).rejects.toMatchObject({ name: 'CheckpointMismatch' });
    expect([source, destination].map(({ requests }) => requests.snapshot().byOperation)).toEqual([{}, {}]);
  });
});

describe('partitions', () => {
  const planned = async () => {
    const file = await stack.jobStore.read(jobLayout.plan(folder));
    return file === null ? null : decodeJson(file.bytes, MigrationPlan).partitions;
  };

  it('are counted from the fleet, and recorded with the migration', async () => {
    await run({ partition: { strategy: 'hash' }, fleet: { maxWorkers: 3 } });
    expect(await planned()).toBe(12);
  });

  it('keep their number when the migration is run again, whatever the fleet is then', async () => {
    await run({ partition: { strategy: 'hash' }, fleet: { maxWorkers: 3 } });
    await run({ partition: { strategy: 'hash' }, fleet: { maxWorkers: 30 } });
    expect(await planned()).toBe(12);
  });

  it('are none under the queue strategy', async () => {
    await run();
    expect(await planned()).toBeUndefined();
  });

  it('are refused where no queue keeps two workers apart', async () => {
    Object.defineProperty(stack.queue, 'takesGroups', { value: false });
    await expect(run({ partition: { strategy: 'hash' } })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message:
        'partition.strategy is "hash", but this stack has no FIFO queue. Deploy it with one (FIFO_QUEUE_URL), or set partition.strategy to "queue".',
    });
  });

  it('cannot be turned on or off, or counted anew, for work that was begun', async () => {
    await run();
    await expect(run({ partition: { strategy: 'hash' } })).rejects.toMatchObject({
      name: 'CheckpointMismatch',
      message: expect.stringContaining('another partition'),
    });
  });
});
