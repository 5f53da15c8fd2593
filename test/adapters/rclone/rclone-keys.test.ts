import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carrierFor } from '../../../core/transfer/carrier.ts';
import { twoStores } from './two-stores.ts';

const characters = [
  ...Array.from({ length: 0xff }, (_, at) => at + 1),
  0x2019,
  0x2028,
  0x3000,
  0xfeff,
  0x1f408,
].map((code) => String.fromCodePoint(code));

const places: readonly [string, (character: string) => string][] = [
  ['at the start', (character) => `${character}x`],
  ['at the end', (character) => `x/${character}`],
  ['as a segment', (character) => `x/${character}/y`],
];

describe('a key that rides rclone', () => {
  let stores: Awaited<ReturnType<typeof twoStores>>;
  beforeAll(async () => {
    stores = await twoStores();
  });
  afterAll(() => stores.close());

  it.each(places)('arrives byte for byte with any character %s', async (_, keyWith) => {
    const keys = characters.map(keyWith).filter((key) => carrierFor({ key, to: key }) === 'rclone');
    expect(keys.length).toBeGreaterThan(180);
    for (let at = 0; at < keys.length; at += 16) {
      const results = keys.slice(at, at + 16).map(async (key) => {
        const file = await stores.put(key, Buffer.from(key));
        const { result } = await stores.copy(file);
        const arrived = await stores.arrived(key);
        return { key, result, arrived: arrived?.toString() };
      });
      for (const { key, result, arrived } of await Promise.all(results)) {
        expect({ key, result, arrived }).toEqual({ key, result: 'copied', arrived: key });
      }
    }
  });

  it('is as long as S3 allows', async () => {
    const key = `${'é'.repeat(511)}/x`;
    const file = await stores.put(key, Buffer.from('long'));
    expect((await stores.copy(file)).result).toBe('copied');
    expect(`${await stores.arrived(key)}`).toBe('long');
  });
});
