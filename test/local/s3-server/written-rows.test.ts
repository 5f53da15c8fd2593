import { afterAll, beforeAll, expect, test } from 'vitest';
import { distributions } from '../../../local/s3-server/generated-keys.ts';
import { GeneratedShelf } from '../../../local/s3-server/generated-shelf.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';

const objects = 2345;
let server: S3Server;

beforeAll(async () => {
  const generated = Object.fromEntries(distributions.map((name) => [name, { distribution: name, objects }]));
  server = await startS3Server({ generated });
});

afterAll(() => server.stop());

/** One page, without what tells a page with owners from one without: owners are never written out. */
async function page(bucket: string, query: Record<string, string>): Promise<string> {
  const answer = await fetch(
    `${server.endpoint}/${bucket}?${new URLSearchParams({ 'list-type': '2', ...query })}`,
  );
  expect(answer.status).toBe(200);
  return (await answer.text()).replaceAll(/<Owner>.*?<\/Owner>/g, '');
}

test.each(distributions)(
  'pages of a generated bucket (%s) are the same whether its rows are kept or made when asked for',
  async (bucket) => {
    for (const encoding of [{}, { 'encoding-type': 'url' }]) {
      let token: string | undefined;
      let startAfter: string | undefined = '';
      let shown = 0;
      for (let pages = 0; pages < 20 && (token !== undefined || startAfter !== undefined); pages++) {
        // By turns from a token and from a key on.
        const place: Record<string, string> =
          pages % 2 === 1 && token !== undefined
            ? { 'continuation-token': token }
            : startAfter === undefined || startAfter === ''
              ? {}
              : { 'start-after': startAfter };
        const query = { ...encoding, 'max-keys': '700', ...place };
        const quick = await page(bucket, query);
        const made = await page(bucket, { ...query, 'fetch-owner': 'true' });
        expect(quick === made, `${bucket} from ${JSON.stringify(place)}`).toBe(true);
        token = /<NextContinuationToken>(.*?)</.exec(quick)?.[1];
        const keys = [...quick.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = '']) => key);
        shown += keys.length;
        const last = keys.at(-1) ?? '';
        startAfter =
          token === undefined ? undefined : 'encoding-type' in encoding ? decodeURIComponent(last) : last;
      }
      expect(shown).toBe(objects);
    }
  },
);

test('rows are kept of buckets whose keys every encoding shows alike, up to a million of them', () => {
  const kept = distributions.filter((distribution) => {
    const shelf = new GeneratedShelf({ distribution, objects: 50 });
    shelf.writeOut();
    return shelf.writtenPage(Buffer.from(''), 10) !== null;
  });
  expect(kept).toEqual(['flat', 'deep', 'hot', 'uuid']);
  const large = new GeneratedShelf({ distribution: 'flat', objects: 1_000_001 });
  large.writeOut();
  expect(large.writtenPage(Buffer.from(''), 10)).toBeNull();
});
