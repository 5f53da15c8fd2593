import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import { type JobStore, VersionConflict } from '../../core/ports.ts';
import { collected } from './object-store.ts';

/** A job store to be examined, and what its addresses begin with. */
export type ExaminedJobStore = { store: JobStore; addressPrefix: string; close(): Promise<void> };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs what every `JobStore` must do. `open` is called once; each test keeps to a folder of its own. */
export function jobStoreConformance(name: string, open: () => Promise<ExaminedJobStore>): void {
  describe(`${name} as a job store`, () => {
    let examined: ExaminedJobStore;
    let store: JobStore;
    beforeAll(async () => {
      examined = await open();
      store = examined.store;
    });
    afterAll(() => examined.close());

    const text = async (path: string) => {
      const file = await store.read(path);
      return file === null ? null : Buffer.from(file.bytes).toString();
    };

    it('knows nothing of a file that was never written', async () => {
      expect(await store.read('none/at/all.json')).toBeNull();
      expect(await store.stream('none/at/all.json')).toBeNull();
      expect(await collected(store.list('none/'))).toEqual([]);
      await store.delete('none/at/all.json');
    });

    it('gives back what was written, whole and as a stream', async () => {
      const large = Buffer.alloc(300_000, 'drover');
      const { version } = await store.write('whole/large.bin', large);
      const read = await store.read('whole/large.bin');
      expect(Buffer.compare(read?.bytes ?? bytes(''), large)).toBe(0);
      expect(read?.version).toBe(version);
      const streamed = Buffer.concat(
        await collected((await store.stream('whole/large.bin')) ?? (async function* () {})()),
      );
      expect(Buffer.compare(streamed, large)).toBe(0);
      await store.write('whole/empty', bytes(''));
      expect((await store.read('whole/empty'))?.bytes).toHaveLength(0);
      expect(
        await collected(
          (await store.stream('whole/empty')) ??
            (async function* () {
              yield bytes('none');
            })(),
        ),
      ).toEqual([]);
    });

    it('replaces a file whole and gives it another version', async () => {
      const first = await store.write('replaced.json', bytes('a longer first content'));
      const second = await store.write('replaced.json', bytes('second'));
      expect(await text('replaced.json')).toBe('second');
      expect(second.version).not.toBe(first.version);
    });

    it('writes where nothing may be only once', async () => {
      await store.write('once.json', bytes('first'), { replaces: null });
      const again = store.write('once.json', bytes('second'), { replaces: null });
      await expect(again).rejects.toThrow(VersionConflict);
      await expect(again).rejects.toThrow(/once\.json/);
      expect(await text('once.json')).toBe('first');
      await store.delete('once.json');
      await store.write('once.json', bytes('third'), { replaces: null });
      expect(await text('once.json')).toBe('third');
    });

    it('replaces only the version that was read', async () => {
      const { version: one } = await store.write('checkpoint.json', bytes('one'));
      const { version: two } = await store.write('checkpoint.json', bytes('two'), { replaces: one });
      await expect(store.write('checkpoint.json', bytes('late'), { replaces: one })).rejects.toThrow(
        VersionConflict,
      );
      expect(await text('checkpoint.json')).toBe('two');
      await store.delete('checkpoint.json');
      await expect(store.write('checkpoint.json', bytes('ghost'), { replaces: two })).rejects.toThrow(
        VersionConflict,
      );
      expect(await text('checkpoint.json')).toBeNull();
    });

    it('lets exactly one of many writers at the same time win', async () => {
      const { version } = await store.write('race.json', bytes('start'));
      const writers = Array.from({ length: 12 }, (_, index) =>
        store.write('race.json', bytes(`writer ${index}`), { replaces: version }),
      );
      const ended = await Promise.allSettled(writers);
      const winners = ended.flatMap((end, index) => (end.status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(
        ended.filter((end) => end.status === 'rejected' && end.reason instanceof VersionConflict),
      ).toHaveLength(11);
      expect(await text('race.json')).toBe(`writer ${winners[0]}`);
    });

    it('lists more than a page by prefix, in UTF-8 byte order, folders where their paths belong', async () => {
      const paths = Array.from({ length: 1001 }, (_, index) => `many/${index}.json`);
      paths.push(
        'many/1/deep/er.json',
        'many/1-x',
        'many/1/a',
        'many/10',
        'many/\u{10000}',
        'many/\ufffd',
        'many/ü',
      );
      for (let at = 0; at < paths.length; at += 50) {
        await Promise.all(paths.slice(at, at + 50).map((path) => store.write(path, bytes('x'))));
      }
      await store.write('many-others/x', bytes('x'));
      const sorted = [...paths].sort(compareKeys);
      expect(await collected(store.list('many/'))).toEqual(sorted);
      expect(await collected(store.list('many/1/'))).toEqual(['many/1/a', 'many/1/deep/er.json']);
      expect(await collected(store.list('many/1'))).toEqual(
        sorted.filter((path) => path.startsWith('many/1')),
      );
      expect(await collected(store.list('many'))).toEqual([...sorted, 'many-others/x'].sort(compareKeys));
      expect(await collected(store.list('many/none/'))).toEqual([]);
    });

    it('deletes a file and only that', async () => {
      await store.write('deleted/a', bytes('a'));
      await store.write('deleted/b', bytes('b'));
      await store.delete('deleted/a');
      await store.delete('deleted/a');
      expect(await collected(store.list('deleted/'))).toEqual(['deleted/b']);
    });

    it('tells a person where a file is', () => {
      expect(store.address('migrations/m1/report.html')).toBe(
        `${examined.addressPrefix}migrations/m1/report.html`,
      );
    });
  });
}
