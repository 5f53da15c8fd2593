import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RcloneCopier } from '../../../adapters/rclone/rclone-copier.ts';
import { isAtLeast } from '../../../adapters/rclone/rclone-version.ts';
import { twoStores, unevenBytes } from './two-stores.ts';

const MiB = 1024 * 1024;

describe('copying by rclone', () => {
  let stores: Awaited<ReturnType<typeof twoStores>>;
  beforeAll(async () => {
    stores = await twoStores();
  });
  afterAll(() => stores.close());
  beforeEach(() => stores.forgetRequests());

  const requestsSeen = () => ({
    source: stores.source.requests.snapshot().byOperation,
    destination: stores.destination.requests.snapshot().byOperation,
  });

  it('moves a small object with one GET and one PUT, and says so', async () => {
    const file = await stores.put('photos/cat + dog 100%.jpg', unevenBytes(1234));
    stores.forgetRequests();
    const result = await stores.copy({ ...file, to: 'archive/ünïcode 🐈.jpg' });
    expect(result).toEqual({
      carrier: 'rclone',
      result: 'copied',
      sizeBytes: 1234,
      requests: { source: { GetObject: 1 }, destination: { PutObject: 1 } },
    });
    expect(requestsSeen()).toEqual(result.requests);
    expect(await stores.arrived('archive/ünïcode 🐈.jpg')).toEqual(unevenBytes(1234));
  });

  it('moves an empty object', async () => {
    const result = await stores.copy(await stores.put('empty', new Uint8Array()));
    expect(result).toMatchObject({ result: 'copied', sizeBytes: 0 });
    expect(await stores.arrived('empty')).toEqual(Buffer.alloc(0));
  });

  it('moves a large object in parts, whole, with the requests that it reports', async () => {
    const bytes = unevenBytes(17 * MiB + 5);
    const file = await stores.put('large.bin', bytes, { metadata: { team: 'media' } });
    stores.forgetRequests();
    const result = await stores.copy(file);
    expect(result).toMatchObject({ result: 'copied', sizeBytes: bytes.length });
    expect(requestsSeen()).toEqual(result.requests);
    expect(result.requests.source).toEqual(
      isAtLeast(stores.daemon.version, 1, 64) ? { HeadObject: 3, GetObject: 4 } : { GetObject: 1 },
    );
    expect(result.requests.destination).toMatchObject({ UploadPart: 4 });
    expect((await stores.arrived('large.bin'))?.equals(bytes)).toBe(true);
    expect((await stores.to.head('large.bin'))?.metadata).toMatchObject({ team: 'media' });
  });

  it('takes along content headers and metadata, and lets the metadata of the rules win', async () => {
    const file = await stores.put('report.txt', unevenBytes(9), {
      contentType: 'application/x-report',
      contentEncoding: 'gzip',
      contentLanguage: 'de',
      contentDisposition: 'attachment; filename="a b.txt"',
      cacheControl: 'max-age=60',
      metadata: { team: 'media', color: 'red' },
    });
    await stores.copy({ ...file, metadata: { Team: 'archive', moved: 'yes' } });
    expect(await stores.to.head('report.txt')).toMatchObject({
      contentType: 'application/x-report',
      contentEncoding: 'gzip',
      contentLanguage: 'de',
      contentDisposition: 'attachment; filename="a b.txt"',
      cacheControl: 'max-age=60',
      metadata: { team: 'archive', color: 'red', moved: 'yes', mtime: `${file.modifiedAtMs / 1000}` },
    });
  });

  it('copies tags when the batch says so, and lets the tags of the rules win', async () => {
    const file = await stores.put('tagged', unevenBytes(3), { tags: { owner: 'a b', 'cost/center': '1+1' } });
    const ruled = { ...file, tags: { owner: 'drover', ünï: '=' } };
    const result = await stores.copy(ruled, { objectTags: 'copy' });
    expect(result.requests.source).toEqual({ GetObjectTagging: 1, GetObject: 1 });
    expect(await stores.to.tags('tagged')).toEqual({ owner: 'drover', 'cost/center': '1+1', ünï: '=' });
    await stores.copy({ ...ruled, to: 'untagged', tags: {} });
    expect(await stores.to.tags('untagged')).toEqual({});
  });

  it('copies without tags from a store that knows none', async () => {
    const file = await stores.put('plain', unevenBytes(3));
    stores.source.faults.tagging = false;
    const result = await stores.copy(file, { objectTags: 'copy' });
    stores.source.faults.tagging = true;
    expect(result.result).toBe('copied');
  });

  it('writes the storage class of each object', async () => {
    const file = await stores.put('cold', unevenBytes(3), { storageClass: 'STANDARD_IA' });
    await stores.copy({ ...file, storageClass: 'GLACIER_IR' });
    expect((await stores.to.head('cold'))?.storageClass).toBe('GLACIER_IR');
    await stores.copy(file);
    expect((await stores.to.head('cold'))?.storageClass).toBeNull();
  });

  it('encrypts with the KMS key of the destination', async () => {
    const file = await stores.put('secret', unevenBytes(3));
    const { destination } = stores.batchOf(file);
    const result = await stores.copy(file, { destination: { ...destination, kmsKeyId: 'alias/archive' } });
    expect(result.result).toBe('copied');
    expect((await stores.to.head('secret'))?.encryption).toBe('aws:kms');
  });

  it('copies objects that the source encrypts with KMS, whose ETags are no MD5', async () => {
    const files = [
      await stores.put('kms/1', unevenBytes(100), { kmsKeyId: 'alias/theirs' }),
      await stores.put('kms/2', unevenBytes(200), { kmsKeyId: 'alias/theirs' }),
    ];
    const results = [];
    for (const file of files) results.push((await stores.copy(file)).result);
    expect(results).toEqual(['copied', 'copied']);
    expect(await stores.arrived('kms/2')).toEqual(unevenBytes(200));
    expect(stores.destination.requests.count('PutObject')).toBe(3);
  });

  it('ends an object that is gone as source-missing, after a second look', async () => {
    const file = await stores.put('gone', unevenBytes(3));
    await stores.from.delete('gone');
    const result = await stores.copy(file);
    expect(result).toMatchObject({ result: 'exception', kind: 'source-missing' });
    expect(result.requests.source).toEqual({ GetObject: 1, HeadObject: 1 });
    const large = { ...file, sizeBytes: 20 * MiB };
    expect(await stores.copy(large)).toMatchObject({ result: 'exception', kind: 'source-missing' });
    const tagged = await stores.copy(file, { objectTags: 'copy' });
    expect(tagged).toMatchObject({ result: 'exception', kind: 'source-missing' });
  });

  it('copies the version that is there when the listed one was overwritten', async () => {
    const listed = await stores.put('overwritten', unevenBytes(30));
    await stores.put('overwritten', unevenBytes(40));
    expect(await stores.copy(listed)).toMatchObject({ result: 'copied', sizeBytes: 40 });
    expect(await stores.arrived('overwritten')).toEqual(unevenBytes(40));
  });

  it('copies a large object again in one piece when it was overwritten during parallel reads', async (test) => {
    test.skip(!isAtLeast(stores.daemon.version, 1, 64), 'this rclone reads large objects in one piece');
    const bytes = unevenBytes(12 * MiB);
    const file = await stores.put('rewritten', bytes);
    const now = await stores.from.head('rewritten');
    if (now === null) throw new Error('the source lost it');
    const seen = [{ ...now, etag: 'an older one' }, now];
    const head = async () => seen.shift() ?? null;
    const sourceStore = async () => ({ head, tags: async () => ({}) });
    const copier = new RcloneCopier({ ...stores.copierPorts, sourceStore });
    stores.forgetRequests();
    const result = await copier.copy(file, stores.batchOf(file), new AbortController().signal);
    expect(result).toMatchObject({ result: 'copied', requests: { source: { GetObject: 4, HeadObject: 3 } } });
    expect(stores.source.requests.count('GetObject')).toBe(4);
    expect((await stores.arrived('rewritten'))?.equals(bytes)).toBe(true);
  });

  it('moves one large object at a time where there is memory for no more', async () => {
    const files = [];
    for (const name of ['one', 'two', 'three']) files.push(await stores.put(name, unevenBytes(12 * MiB)));
    const daemon = stores.daemon;
    let atOnce = 0;
    let most = 0;
    const counting = {
      version: daemon.version,
      limitBandwidth: daemon.limitBandwidth.bind(daemon),
      async call(...given: Parameters<typeof daemon.call>) {
        most = Math.max(most, ++atOnce);
        const answer = await daemon.call(...given);
        atOnce--;
        return answer;
      },
    };
    const copier = new RcloneCopier({ ...stores.copierPorts, daemon: counting, partsMemoryBytes: 1 });
    const signal = new AbortController().signal;
    const copies = files.map((file) => copier.copy(file, stores.batchOf(file), signal));
    expect((await Promise.all(copies)).map(({ result }) => result)).toEqual(['copied', 'copied', 'copied']);
    expect(most).toBe(1);
  });

  it('learns when a store writes other ETags in its listing than elsewhere', async () => {
    const file = await stores.put('odd-etag', unevenBytes(30));
    const listed = { ...file, etag: 'another-way-to-write-it' };
    expect((await stores.copy(listed)).requests.source).toEqual({ GetObject: 2, HeadObject: 1 });
    expect((await stores.copy(listed)).requests.source).toEqual({ GetObject: 1 });
    expect(await stores.arrived('odd-etag')).toEqual(unevenBytes(30));
  });

  it('refuses metadata that can be no header instead of losing it', async () => {
    const file = await stores.put('refused', unevenBytes(3));
    const result = await stores.copy({ ...file, metadata: { note: 'two\nlines' } });
    expect(result).toMatchObject({ result: 'exception', kind: 'unrepresentable' });
    expect(await stores.arrived('refused')).toBeNull();
  });
});
