import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectCopier } from '../../../adapters/aws/direct-copier.ts';
import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryObjectStore } from '../../../adapters/memory/object-store.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import type { BatchFile, BatchMessage } from '../../../core/batching/batch.ts';
import { InvalidRequest, SecretMissing } from '../../../core/errors.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { addRequests, type RequestsMade } from '../../../core/requests-made.ts';
import { StoreError, type StoreErrorKind } from '../../../core/store-error.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';

const never = new AbortController().signal;
const mebibyte = 1024 * 1024;

function fileOf(key: string, sizeBytes: number, more: Partial<BatchFile> = {}): BatchFile {
  return { key, to: key, sizeBytes, etag: null, modifiedAtMs: 0, storageClass: null, ...more };
}

function batchOf(more: Partial<BatchMessage> = {}, kmsKeyId: string | null = null): BatchMessage {
  const side = { provider: 'Other', bucket: 'b', region: 'us-east-1', endpoint: null, secrets: null };
  return {
    version: 1,
    migration: 'm1',
    folder: 'migrations/m1',
    batch: 'b1',
    shard: 's1',
    attempt: 1,
    source: side,
    destination: { ...side, kmsKeyId },
    objectTags: 'copy',
    limits: { requestsPerSecond: null, bandwidthBytesPerSecond: null },
    files: [fileOf('k', 0)],
    ...more,
  };
}

function copierBetween(
  source: ObjectStore,
  destination: ObjectStore,
  sizes: { checkFirstBytes?: number; rangeBytes?: number } = {},
) {
  const clock = new ManualClock(0, { selfMoving: true });
  return new DirectCopier({ storesFor: async () => ({ source, destination }), clock, ...sizes });
}

async function content(store: ObjectStore, key: string): Promise<Buffer | null> {
  const found = await store.get(key);
  if (found === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of found.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('between two S3 stores, the copier', () => {
  let servers: S3Server[];
  let source: S3ObjectStore;
  let destination: S3ObjectStore;
  beforeAll(async () => {
    servers = await Promise.all([
      startS3Server({ buckets: ['bucket-from'], credentials: { a: 'b' } }),
      startS3Server({ buckets: ['bucket-to'], credentials: { c: 'd' } }),
    ]);
    const open = (
      server: S3Server | undefined,
      bucket: string,
      accessKeyId: string,
      secretAccessKey: string,
    ) =>
      new S3ObjectStore(
        {
          provider: 'Other',
          bucket,
          region: 'us-east-1',
          endpoint: server?.endpoint ?? null,
          credentials: { accessKeyId, secretAccessKey },
        },
        { partsAboveBytes: 6 * mebibyte, partBytes: 5 * mebibyte, maxAttempts: 1 },
      );
    source = open(servers[0], 'bucket-from', 'a', 'b');
    destination = open(servers[1], 'bucket-to', 'c', 'd');
  });
  afterAll(async () => {
    source.close();
    destination.close();
    for (const server of servers) await server.stop();
  });

  it('copies every hard key byte for byte, 16 at a time, and counts exactly what it sent', async () => {
    for (const key of hardKeys) {
      const body = Buffer.from(`content of ${key}`);
      await source.put(key, body, body.byteLength, { tags: { of: 'it' }, metadata: { name: 'ünï' } });
    }
    const before = [source.requestsMade(), destination.requestsMade()];
    const copier = copierBetween(source, destination);
    const sum: { source: RequestsMade; destination: RequestsMade } = { source: {}, destination: {} };
    const toOf = (key: string) => (key.startsWith('long') ? key : `moved/${key}`);
    const left = [...hardKeys];
    const work = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) {
        const size = Buffer.byteLength(`content of ${key}`);
        const result = await copier.copy(fileOf(key, size, { to: toOf(key) }), batchOf(), never);
        expect(result, JSON.stringify(key)).toMatchObject({
          result: 'copied',
          carrier: 'direct',
          sizeBytes: size,
        });
        addRequests(sum.source, result.requests.source);
        addRequests(sum.destination, result.requests.destination);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    expect(sum).toEqual({
      source: { GetObject: hardKeys.length, GetObjectTagging: hardKeys.length },
      destination: { PutObject: hardKeys.length },
    });
    expect(before[1]).toEqual({});
    for (const key of hardKeys) {
      const to = toOf(key);
      expect((await content(destination, to))?.toString(), JSON.stringify(key)).toBe(`content of ${key}`);
      expect(await destination.tags(to)).toEqual({ of: 'it' });
    }
  });

  it('copies headers, metadata and tags, the rules winning, with class and key', async () => {
    const body = Buffer.from('report');
    const headers = {
      contentType: 'application/pdf',
      contentEncoding: 'br',
      contentLanguage: 'de',
      contentDisposition: 'attachment; filename="Übersicht.pdf"',
      cacheControl: 'max-age=60',
      expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
    };
    const metadata = { team: 'old', owner: 'Müller' };
    await source.put('doc//one', body, 6, { ...headers, metadata, tags: { team: 'old', kept: 'yes' } });
    const file = fileOf('doc//one', 6, {
      to: 'doc/one',
      storageClass: 'STANDARD_IA',
      metadata: { Team: 'media' },
      tags: { team: 'media' },
    });
    expect(await copierBetween(source, destination).copy(file, batchOf({}, 'key-1'), never)).toMatchObject({
      result: 'copied',
    });
    expect(await destination.head('doc/one')).toMatchObject({
      ...headers,
      metadata: { team: 'media', owner: 'Müller' },
      storageClass: 'STANDARD_IA',
      encryption: 'aws:kms',
    });
    expect(await destination.tags('doc/one')).toEqual({ team: 'media', kept: 'yes' });
  });

  it('copies a large object by ranges and parts, going on where a range broke', async () => {
    const body = Buffer.alloc(13 * mebibyte + 7);
    for (let at = 0; at + 4 <= body.byteLength; at += 1024) body.writeUInt32LE(at, at);
    await source.put('large//x', body, body.byteLength, { metadata: { a: 'b' }, tags: { t: '1' } });
    const [server] = servers;
    if (server === undefined) throw new Error('the source is not up');
    server.faults.truncateBody = 0.5;
    try {
      const copier = copierBetween(source, destination, { rangeBytes: 4 * mebibyte });
      const result = await copier.copy(fileOf('large//x', body.byteLength), batchOf(), never);
      expect(result).toMatchObject({ result: 'copied', sizeBytes: body.byteLength });
      expect(result.requests.source.GetObject).toBeGreaterThan(4);
      expect(result.requests.destination).toEqual({
        CreateMultipartUpload: 1,
        UploadPart: 3,
        CompleteMultipartUpload: 1,
      });
    } finally {
      server.faults.truncateBody = 0;
    }
    expect(Buffer.compare((await content(destination, 'large//x')) ?? Buffer.alloc(0), body)).toBe(0);
    expect(await destination.head('large//x')).toMatchObject({ metadata: { a: 'b' } });
    expect(await destination.tags('large//x')).toEqual({ t: '1' });
  });

  it('stops in the middle of a large object and leaves nothing at the destination', async () => {
    const body = Buffer.alloc(20 * mebibyte);
    await source.put('stopped//x', body, body.byteLength, {});
    const stop = new AbortController();
    const pausing: ObjectStore = Object.create(source, {
      get: {
        value: (key: string, options: Parameters<ObjectStore['get']>[1]) => {
          if ((options?.range?.first ?? 0) > 8 * mebibyte) stop.abort();
          return source.get(key, options);
        },
      },
      tags: { value: (key: string) => source.tags(key) },
      requestsMade: { value: () => source.requestsMade() },
    });
    const copier = copierBetween(pausing, destination, { rangeBytes: 4 * mebibyte });
    const result = await copier.copy(fileOf('stopped//x', body.byteLength), batchOf(), stop.signal);
    expect(result).toMatchObject({ result: 'stopped' });
    expect(await destination.head('stopped//x')).toBeNull();
    for await (const upload of destination.unfinishedUploads('')) expect(upload).toBeUndefined();
  });

  it('writes nothing damaged when the source breaks in the middle', async () => {
    const body = Buffer.alloc(10 * mebibyte);
    await source.put('broken//x', body, body.byteLength, {});
    const [server] = servers;
    if (server === undefined) throw new Error('the source is not up');
    server.faults.truncateBody = 1;
    try {
      for (const sizes of [{}, { checkFirstBytes: 0 }, { checkFirstBytes: 64 * mebibyte }]) {
        const copier = copierBetween(source, destination, sizes);
        const result = await copier.copy(fileOf('broken//x', body.byteLength), batchOf(), never);
        expect(result).toMatchObject({ result: 'retry', side: 'source' });
      }
    } finally {
      server.faults.truncateBody = 0;
    }
    expect(await destination.head('broken//x')).toBeNull();
    for await (const upload of destination.unfinishedUploads('')) expect(upload).toBeUndefined();
  });
});

describe('the copier', () => {
  const memory = () => ({ from: new MemoryObjectStore(systemClock), to: new MemoryObjectStore(systemClock) });
  const seeded = async (bytes: Uint8Array, properties = {}) => {
    const stores = memory();
    await stores.from.put('k', bytes, bytes.byteLength, properties);
    return stores;
  };

  it('copies an object of 0 bytes', async () => {
    const { from, to } = await seeded(Buffer.alloc(0), { metadata: { marker: 'folder' } });
    const result = await copierBetween(from, to).copy(fileOf('k', 0), batchOf(), never);
    expect(result).toMatchObject({ result: 'copied', sizeBytes: 0 });
    expect(await to.head('k')).toMatchObject({ sizeBytes: 0, metadata: { marker: 'folder' } });
  });

  it('copies what is there now when the object has grown since it was listed', async () => {
    const { from, to } = await seeded(Buffer.from('grown content'));
    const result = await copierBetween(from, to).copy(fileOf('k', 3), batchOf(), never);
    expect(result).toMatchObject({ result: 'copied', sizeBytes: 13 });
    expect((await content(to, 'k'))?.toString()).toBe('grown content');
  });

  it('does not ask for tags when there are none, or when they are not wanted', async () => {
    const tagless = await seeded(Buffer.from('x'));
    const copied = await copierBetween(tagless.from, tagless.to).copy(fileOf('k', 1), batchOf(), never);
    expect(copied.requests.source).toEqual({ GetObject: 1 });
    const tagged = await seeded(Buffer.from('x'), { tags: { a: '1' } });
    const ignore = batchOf({ objectTags: 'ignore' });
    const result = await copierBetween(tagged.from, tagged.to).copy(
      fileOf('k', 1, { tags: { b: '2' } }),
      ignore,
      never,
    );
    expect(result).toMatchObject({ result: 'copied', requests: { source: {} } });
    expect(await tagged.to.tags('k')).toEqual({ b: '2' });
  });

  it('copies without tags from a store that knows none', async () => {
    const { from, to } = await seeded(Buffer.from('x'), { tags: { a: '1' } });
    from.failNext(
      'GetObjectTagging',
      new StoreError('unsupported', 'NotImplemented', { code: 'NotImplemented' }),
    );
    expect(await copierBetween(from, to).copy(fileOf('k', 1), batchOf(), never)).toMatchObject({
      result: 'copied',
    });
  });

  it('says that a vanished object is missing', async () => {
    const { from, to } = memory();
    const result = await copierBetween(from, to).copy(fileOf('gone', 1), batchOf(), never);
    expect(result).toMatchObject({ result: 'exception', kind: 'source-missing' });
  });

  it('refuses what Amazon S3 cannot hold before it reads a byte', async () => {
    const { from, to } = memory();
    const result = await copierBetween(from, to).copy(fileOf('k', 5 * 1024 ** 4 + 1), batchOf(), never);
    expect(result).toMatchObject({
      result: 'exception',
      kind: 'too-large',
      sizeBytes: 0,
      requests: { source: {} },
    });
  });

  it('tries again later when the object changes while its ranges are read', async () => {
    const { from, to } = await seeded(Buffer.alloc(3000));
    const changing: ObjectStore = Object.create(from, {
      requestsMade: { value: () => from.requestsMade() },
      get: {
        value: async (key: string, options: Parameters<ObjectStore['get']>[1]) => {
          if ((options?.range?.first ?? 0) > 0) await from.put('k', Buffer.alloc(3000, 'new'), 3000, {});
          return from.get(key, options);
        },
      },
    });
    const copier = copierBetween(changing, to, { rangeBytes: 1000, checkFirstBytes: 10 });
    const result = await copier.copy(fileOf('k', 3000), batchOf(), never);
    expect(result).toMatchObject({ result: 'retry', side: 'source' });
    expect(await to.head('k')).toBeNull();
  });

  const kinds: [StoreErrorKind, object, object][] = [
    [
      'denied',
      { result: 'exception', kind: 'source-denied' },
      { result: 'exception', kind: 'destination-denied' },
    ],
    ['archived', { result: 'exception', kind: 'source-archived' }, { result: 'retry', side: 'destination' }],
    [
      'rejected',
      { result: 'exception', kind: 'exhausted' },
      { result: 'exception', kind: 'unrepresentable' },
    ],
    [
      'unsupported',
      { result: 'exception', kind: 'exhausted' },
      { result: 'exception', kind: 'unrepresentable' },
    ],
    ['credential', { result: 'credential', side: 'source' }, { result: 'credential', side: 'destination' }],
    ['throttled', { result: 'throttled', side: 'source' }, { result: 'throttled', side: 'destination' }],
    ['precondition', { result: 'retry', side: 'source' }, { result: 'retry', side: 'destination' }],
    ['unreachable', { result: 'retry', side: 'source' }, { result: 'retry', side: 'destination' }],
    ['failed', { result: 'retry', side: 'source' }, { result: 'retry', side: 'destination' }],
    ['missing-bucket', { result: 'blocked', side: 'source' }, { result: 'blocked', side: 'destination' }],
    ['wrong-region', { result: 'blocked', side: 'source' }, { result: 'blocked', side: 'destination' }],
  ];
  it.each(kinds)(
    'says what %s means at the source and at the destination',
    async (kind, atSource, atDestination) => {
      const error = new StoreError(kind, 'Code: the store’s own words', { code: 'Code' });
      for (const checkFirstBytes of [0, 100]) {
        const { from, to } = await seeded(Buffer.from('x'), { tags: { a: '1' } });
        const copier = copierBetween(from, to, { checkFirstBytes });
        from.failNext('GetObject', error);
        const reading = await copier.copy(fileOf('k', 1), batchOf(), never);
        expect(reading).toMatchObject({ ...atSource, reason: 'source: Code: the store’s own words' });
        if (kind !== 'unsupported') {
          from.failNext('GetObjectTagging', error);
          expect(await copier.copy(fileOf('k', 1), batchOf(), never)).toMatchObject(atSource);
        }
        to.failNext('PutObject', error);
        const writing = await copier.copy(fileOf('k', 1), batchOf(), never);
        expect(writing).toMatchObject({
          ...atDestination,
          reason: 'destination: Code: the store’s own words',
        });
        expect(await copier.copy(fileOf('k', 1), batchOf(), never)).toMatchObject({ result: 'copied' });
      }
    },
  );

  it('says that the destination finds an object too large', async () => {
    const { from, to } = await seeded(Buffer.from('x'));
    to.failNext('PutObject', new StoreError('rejected', 'EntityTooLarge', { code: 'EntityTooLarge' }));
    const result = await copierBetween(from, to).copy(fileOf('k', 1), batchOf(), never);
    expect(result).toMatchObject({ result: 'exception', kind: 'too-large' });
  });

  it.each([
    [new SecretMissing('there is no secret "/key"'), 'credential'],
    [new InvalidRequest('the secret "/endpoint" is no endpoint'), 'credential'],
    [new Error('the secrets do not answer'), 'retry'],
  ])('does not throw when the stores cannot be opened: %s', async (error, result) => {
    const storesFor = () => Promise.reject(error);
    const copier = new DirectCopier({ storesFor, clock: systemClock });
    const ended = await copier.copy(fileOf('k', 1), batchOf(), never);
    expect(ended).toMatchObject({ result, side: 'unknown', reason: error.message, sizeBytes: 0 });
  });

  it('stops before it starts when the signal is aborted', async () => {
    const { from, to } = await seeded(Buffer.from('x'));
    const result = await copierBetween(from, to).copy(fileOf('k', 1), batchOf(), AbortSignal.abort());
    expect(result).toMatchObject({ result: 'stopped' });
    expect(await to.head('k')).toBeNull();
  });
});

describe('bytes that do not have the MD5 of the ETag', () => {
  const real = Buffer.from('the real content');
  const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

  /** A source that claims an ETag and gives these bodies one after the other, the last one for ever. */
  function sourceGiving(bodies: Buffer[], etag: string, encryption: string | null = null) {
    const from = new MemoryObjectStore(systemClock);
    let reads = 0;
    const store: ObjectStore = Object.create(from, {
      requestsMade: { value: () => ({ GetObject: reads }) },
      get: {
        value: async () => {
          const body = bodies[Math.min(reads, bodies.length - 1)] ?? real;
          reads += 1;
          await from.put('k', body, body.byteLength, {});
          const found = await from.get('k');
          return found === null ? null : { ...found, details: { ...found.details, etag, encryption } };
        },
      },
    });
    return { store, reads: () => reads };
  }

  describe.each([
    ['checked in memory', 1000],
    ['streamed', 0],
  ])('%s', (_, checkFirstBytes) => {
    const copy = async (bodies: Buffer[], etag: string, encryption: string | null = null) => {
      const { store, reads } = sourceGiving(bodies, etag, encryption);
      const to = new MemoryObjectStore(systemClock);
      const copier = copierBetween(store, to, { checkFirstBytes });
      const result = await copier.copy(fileOf('k', real.byteLength), batchOf(), never);
      return { result, to, reads: reads() };
    };

    it('are read again, and never written wrong', async () => {
      const { result, to, reads } = await copy([Buffer.from('the rEal content'), real], md5(real));
      expect([reads, result.sizeBytes]).toEqual([2, 2 * real.byteLength]);
      // In memory the second reading is compared with the ETag too; a stream's MD5 is told before it is read.
      expect(result).toMatchObject(
        checkFirstBytes > 0 ? { result: 'copied' } : { result: 'retry', side: 'source' },
      );
      expect(await content(to, 'k')).toEqual(checkFirstBytes > 0 ? real : null);
    });

    it('are believed when two readings are the same, because the ETag is no MD5 then', async () => {
      const { result, to, reads } = await copy([real], '0'.repeat(32));
      expect([result.result, reads]).toEqual(['copied', 2]);
      expect(await content(to, 'k')).toEqual(real);
    });

    it('are never written when two readings differ', async () => {
      const { result, to } = await copy(
        [Buffer.from('the rEal content'), Buffer.from('the reAl content')],
        md5(real),
      );
      expect(result).toMatchObject({ result: 'retry', side: 'source' });
      expect(await to.head('k')).toBeNull();
    });

    it.each([
      ['of a multipart upload', `${'0'.repeat(32)}-2`, null],
      ['under KMS', '0'.repeat(32), 'aws:kms'],
      ['under two-layer KMS', '0'.repeat(32), 'aws:kms:dsse'],
    ])('are not held against an ETag %s', async (_name, etag, encryption) => {
      const { result, reads } = await copy([real], etag, encryption);
      expect([result.result, reads]).toEqual(['copied', 1]);
    });

    it('are held against the ETag in one reading when it is right', async () => {
      const { result, reads } = await copy([real], md5(real).toUpperCase());
      expect([result.result, reads]).toEqual(['copied', 1]);
    });
  });
});
