import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAtLeast } from '../../../adapters/rclone/rclone-version.ts';
import type { ObjectProperties } from '../../../core/ports.ts';
import { objectHeaders, oddServer } from './odd-server.ts';
import { twoStores, unevenBytes } from './two-stores.ts';

/** What docs/fidelity.md says of rclone, line by line. */
describe('what rclone makes of the properties of an object', () => {
  let stores: Awaited<ReturnType<typeof twoStores>>;
  beforeAll(async () => {
    stores = await twoStores();
  });
  afterAll(() => stores.close());

  let number = 0;
  async function moved(properties: ObjectProperties) {
    const file = await stores.put(`object-${number++}`, unevenBytes(8), properties);
    expect((await stores.copy(file)).result).toBe('copied');
    const head = await stores.to.head(file.key);
    if (head === null) throw new Error('nothing arrived');
    const { mtime, ...metadata } = head.metadata;
    return { ...head, metadata, mtime, modified: `${file.modifiedAtMs / 1000}` };
  }

  it.each([
    ['content type', { contentType: 'text/x-own; charset=latin1' }],
    ['content encoding', { contentEncoding: 'gzip' }],
    ['content language', { contentLanguage: 'de, en' }],
    ['content disposition', { contentDisposition: 'attachment; filename="a b.txt"' }],
    ['cache control', { cacheControl: 'no-store, max-age=0' }],
  ])('the %s arrives', async (_, properties) => {
    expect(await moved(properties)).toMatchObject(properties);
  });

  it.each([
    ['of plain names and values', { team: 'media', 'with-hyphen': 'a  b' }],
    ['with an empty value', { empty: '' }],
    ['outside ASCII', { city: 'Zürich ☃' }],
  ])('user metadata %s arrives', async (_, metadata) => {
    expect((await moved({ metadata })).metadata).toEqual(metadata);
  });

  it('the time of the last modification is added as mtime', async () => {
    const { mtime, modified } = await moved({});
    expect(mtime).toBe(modified);
  });

  it('an mtime of its own arrives when it is a number of seconds, and is replaced otherwise', async () => {
    expect((await moved({ metadata: { mtime: '1500000000.25' } })).mtime).toBe('1500000000.25');
    const { mtime, modified } = await moved({ metadata: { mtime: 'yesterday' } });
    expect(mtime).toBe(modified);
  });

  it('Expires is lost', async () => {
    expect((await moved({ expires: 'Wed, 21 Oct 2026 07:28:00 GMT' })).expires).toBeNull();
  });

  it('metadata that is named like something of rclone is lost', async () => {
    expect((await moved({ metadata: { btime: 'x', tier: 'x', kept: 'y' } })).metadata).toEqual({ kept: 'y' });
  });

  it('metadata that is named like a header becomes that header', async () => {
    const { metadata, cacheControl } = await moved({ metadata: { 'cache-control': 'no-store', kept: 'y' } });
    expect({ metadata, cacheControl }).toEqual({ metadata: { kept: 'y' }, cacheControl: 'no-store' });
  });

  it('the encoding aws-chunked, which some stores keep, is taken off by newer versions', async () => {
    const careless = await oddServer((_, response) => {
      response.writeHead(200, { ...objectHeaders(4, 'none'), 'content-encoding': 'gzip,aws-chunked' });
      response.end('data');
    });
    const file = await stores.put('chunked', unevenBytes(4));
    const { source } = stores.batchOf(file);
    const result = await stores.copy(file, { source: { ...source, endpoint: careless.endpoint } });
    await careless.stop();
    // Amazon S3 takes a body that says so for one that is framed in chunks, and refuses this one.
    const newer = isAtLeast(stores.daemon.version, 1, 70);
    expect(result.result).toBe(newer ? 'copied' : 'retry');
    if (newer) expect((await stores.to.head('chunked'))?.contentEncoding).toBe('gzip');
  });
});
