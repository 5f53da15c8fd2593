import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';

const unit = fc.constantFrom(
  'a',
  'b',
  '/',
  '-',
  '~',
  ' ',
  'é',
  '\ufffd',
  '\u{10000}',
  '\u{1f600}',
  '\u0001',
  '\n',
);
const text = (minLength: number, maxLength: number) => fc.string({ unit, minLength, maxLength });

// Every key starts with k: fetch() would resolve a key `..`, and so would a key of slashes only be lost on it.
const listing = fc.record({
  keys: fc.uniqueArray(text(0, 6), { maxLength: 25 }).map((keys) => keys.map((key) => `k${key}`)),
  prefix: fc.oneof(
    fc.constant(''),
    text(0, 2).map((end) => `k${end}`),
  ),
  delimiter: fc.oneof(fc.constant(''), fc.constant('/'), text(1, 2)),
  after: fc.oneof(
    fc.constant(''),
    text(0, 4).map((end) => `k${end}`),
  ),
  maxKeys: fc.integer({ min: 1, max: 9 }),
});

type Listing = typeof listing extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const inByteOrder = (keys: Iterable<string>) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** What a whole listing holds, in the plainest words. */
function model({ keys, prefix, delimiter, after }: Listing, version: 1 | 2): string[] {
  const items = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue;
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const item = at === -1 ? key : key.slice(0, at + delimiter.length);
    // A marker inside a folder stands for the folder; a start-after does not.
    if (version === 1 && at !== -1 && after.startsWith(item)) continue;
    items.add(item);
  }
  return inByteOrder(items);
}

describe('listings, against a model of a few lines', () => {
  let server: S3Server;
  let buckets = 0;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.stop());

  const fill = async (keys: readonly string[]): Promise<string> => {
    buckets += 1;
    const url = `${server.endpoint}/bucket-${buckets}`;
    await fetch(url, { method: 'PUT' });
    const puts = keys.map((key) => fetch(`${url}/${encodeURIComponent(key)}`, { method: 'PUT', body: key }));
    for (const put of await Promise.all(puts)) expect(put.status).toBe(200);
    return url;
  };

  const walk = async (
    url: string,
    { prefix, delimiter, maxKeys }: Listing,
    start: Record<string, string>,
    next: (xml: string, items: readonly string[]) => Record<string, string>,
  ): Promise<string[][]> => {
    const found: string[][] = [];
    const query = { prefix, delimiter, 'max-keys': String(maxKeys), 'encoding-type': 'url' };
    for (let from: Record<string, string> | undefined = start; from !== undefined; ) {
      const xml = await (await fetch(`${url}?${new URLSearchParams({ ...query, ...from })}`)).text();
      const items = [...xml.matchAll(/<(?:Contents><Key|CommonPrefixes><Prefix)>([^<]*)</g)];
      const page = inByteOrder(items.map(([, item = '']) => decodeURIComponent(item.replaceAll('+', ' '))));
      found.push(page);
      from = xml.includes('<IsTruncated>true<') ? next(xml, page) : undefined;
    }
    return found;
  };

  const agree = (version: 1 | 2, pagesOf: (url: string, drawn: Listing) => Promise<string[][]>) =>
    fc.assert(
      fc.asyncProperty(listing, async (drawn) => {
        const pages = await pagesOf(await fill(drawn.keys), drawn);
        expect(pages.flat()).toEqual(model(drawn, version));
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(drawn.maxKeys);
      }),
      { numRuns: 100, seed: 20_261_123 },
    );

  it('agree page by page in version 2, by continuation token', () =>
    agree(2, (url, drawn) =>
      walk(url, drawn, { 'list-type': '2', 'start-after': drawn.after }, (xml) => {
        const token = /<NextContinuationToken>([^<]+)</.exec(xml)?.[1] ?? 'absent';
        return { 'list-type': '2', 'start-after': drawn.after, 'continuation-token': token };
      }),
    ));

  it('agree page by page in version 1, by marker', () =>
    agree(1, (url, drawn) =>
      walk(url, drawn, { marker: drawn.after }, (_xml, page) => ({ marker: page.at(-1) ?? 'absent' })),
    ));
});
