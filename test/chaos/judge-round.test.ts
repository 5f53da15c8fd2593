import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalResult } from '../../local/local-run.ts';
import { type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';
import { judgeRound } from './judge-round.ts';
import { writeScript } from './script.ts';
import { propertiesOf, Truth } from './truth.ts';

it('a round has the same script again for the same seed and round, and another one for another', () => {
  expect(writeScript(7, 3)).toEqual(writeScript(7, 3));
  expect(writeScript(7, 3)).not.toEqual(writeScript(7, 4));
  expect(writeScript(7, 3)).not.toEqual(writeScript(8, 3));
});

describe('the judge of a round', { timeout: 60_000 }, () => {
  let buckets: TwoBuckets;
  let truth: Truth;
  let result: LocalResult;
  const keys = ['kept', 'lost//', 'other', 'bare'];
  beforeAll(async () => {
    buckets = await twoBuckets();
    buckets.source.credentials = undefined;
    truth = new Truth(buckets.source.endpoint, 'from-here');
    await truth.fill(keys.map((key) => ({ key, sizeBytes: 30, inParts: false })));
    result = await buckets.migrate();
  });
  afterAll(async () => {
    truth.close();
    await buckets.close();
  });

  it('finds nothing wrong with what is right', async () => {
    expect(await judgeRound(result, buckets, truth)).toEqual([]);
  });

  it('notices what was lost, damaged, stripped, written beside it, or never listed', async () => {
    const put = (key: string, text: string, metadata = propertiesOf(key).metadata) =>
      buckets.to.put(key, Buffer.from(text), text.length, { metadata });
    await buckets.to.delete('lost//');
    await put('other', 'x'.repeat(30));
    await put('stray', 'y');
    await buckets.to.put('bare', Buffer.from(await sourceBytes('bare')), 30, {});
    await truth.fill([{ key: 'late', sizeBytes: 3, inParts: false }]);
    expect(await judgeRound(result, buckets, truth)).toEqual([
      '"bare" arrived without its metadata: {}',
      '"lost//" is reported as copied and is missing; at the source it is unchanged, listed in version 0',
      '"other" arrived with bytes that it never had',
      '"late" was never listed',
      '"stray" was written and is not listed',
    ]);
  });

  it('contradicts a false exception and a wrong count', async () => {
    if (result.report === null) throw new Error('there is no report');
    const exceptions = [{ key: 'kept', kind: 'source-missing' as const, reason: 'gone' }];
    const said = await judgeRound({ ...result, report: { ...result.report, exceptions } }, buckets, truth);
    expect(said).toContain(
      '"kept" is reported as source-missing (gone) and is there in version 0; at the source it is unchanged, listed in version 0',
    );
    expect(said[0]).toMatch(/^the report says .*"exceptions":0.* and it is .*"exceptions":1/);
  });

  async function sourceBytes(key: string): Promise<string> {
    const object = await buckets.from.get(key);
    const chunks: Uint8Array[] = [];
    for await (const chunk of object?.body ?? []) chunks.push(chunk);
    return Buffer.concat(chunks).toString('latin1');
  }
});
