import { expect, test } from 'vitest';
import { distributions, generatedKeys } from '../../../local/s3-server/generated-keys.ts';
import { GeneratedShelf } from '../../../local/s3-server/generated-shelf.ts';

test.each(distributions)(
  'keys of a generated bucket (%s) are all different and in byte order',
  (distribution) => {
    for (const objects of [1, 7, 5000, 1_000_000_000]) {
      const keyOf = generatedKeys(distribution, objects);
      const indexes =
        objects <= 5000
          ? Array.from({ length: objects }, (_, index) => index)
          : Array.from({ length: 3000 }, (_, n) => Math.floor((n * objects) / 3000) + (n % 3));
      const keys = indexes.map((index) => Buffer.from(keyOf(index)));
      keys.slice(1).forEach((key, n) => {
        expect(Buffer.compare(keys[n] ?? key, key), `${keys[n]} before ${key}`).toBeLessThan(0);
      });
    }
  },
);

test.each(distributions)(
  'a generated bucket (%s) is listed from any key on, as one that was filled would be',
  (distribution) => {
    const objects = 700;
    const shelf = new GeneratedShelf({ distribution, objects });
    const keyOf = generatedKeys(distribution, objects);
    const keys = Array.from({ length: objects }, (_, index) => keyOf(index));
    const starts = [
      Buffer.alloc(0),
      Buffer.from([0xff]),
      ...keys.flatMap((key) => [Buffer.from(key), Buffer.from(`${key}\0`), Buffer.from(key.slice(0, -1))]),
    ];
    for (const from of starts) {
      const expected = keys.filter((key) => Buffer.compare(Buffer.from(key), from) >= 0);
      const before = Buffer.from(keys[600] ?? '');
      expect(shelf.scan(from, undefined, 40).map(({ key }) => key)).toEqual(expected.slice(0, 40));
      const below = expected.filter((key) => Buffer.compare(Buffer.from(key), before) < 0);
      expect(shelf.scan(from, before, 1000).map(({ key }) => key)).toEqual(below);
    }
  },
);
