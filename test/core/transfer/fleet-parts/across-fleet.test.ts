import { describe, expect, test } from 'vitest';
import { MemoryGate } from '../../../../adapters/rclone/memory-gate.ts';
import { jobLayout } from '../../../../core/job-layout.ts';
import type { ObjectStore } from '../../../../core/ports.ts';
import { StoreError } from '../../../../core/store-error.ts';
import { allOf } from '../../../support/all-of.ts';
import { putText, replacing } from '../../../support/memory-buckets.ts';
import { filedExceptions } from '../../../support/outcome-log.ts';
import { address } from '../../../support/sample-migration.ts';
import { cut, Giants } from './giants.ts';

/** 26 bytes: nine parts of three bytes, five runs of two parts. */
const giant = 'abcdefghijklmnopqrstuvwxyz';

const refused = (kind: StoreError['kind'], code: string, status = 400) =>
  new StoreError(kind, `${code}: no`, { code, status });

/** Lets two workers work until the queue is empty. */
async function finish(place: Giants, ...workers: ReturnType<Giants['hire']>[]): Promise<void> {
  await place.finish({
    done: Promise.all(workers.map(({ done }) => done)).then(() => undefined),
    drain: () => workers.map(({ drain }) => drain()),
  });
}

/** The same while something happens to the source before each read of it, counted from 1; `gone`: the read finds nothing. */
async function finishWhile(place: Giants, before: (read: number) => Promise<unknown>): Promise<void> {
  let reads = 0;
  const source = replacing(place.source, {
    get: async (key, options) => {
      reads += 1;
      return (await before(reads)) === 'gone' ? null : place.source.get(key, options);
    },
  });
  await finish(place, place.hire('w1', null, { source }), place.hire('w2', null, { source }));
}

describe('a large object', () => {
  test('is copied by several workers and is on record as copied once, with its size', async () => {
    const place = new Giants();
    await place.list({ giant });
    await finish(place, place.hire('w1'), place.hire('w2'));
    expect(await place.arrived()).toEqual({ giant });
    const rows = await place.rows();
    expect(rows.filter(({ outcome }) => outcome === 'copied')).toMatchObject([
      { key: 'giant', sizeBytes: 26 },
    ]);
    // The message that was split and the four runs that were not the last.
    expect(await place.endings('giant')).toEqual({ copied: 1, 'handed-on': 5 });
    const logs = await allOf(place.jobStore.list(jobLayout.outcomes(address.folder)));
    expect(new Set(logs.map((path) => path.split('/').at(-2)))).toEqual(new Set(['w1', 'w2']));
    expect(place.destination.requestsMade()).toMatchObject({
      CreateMultipartUpload: 1,
      UploadPart: 9,
      CompleteMultipartUpload: 1,
    });
    expect((await place.destination.head('in/giant'))?.etag).toMatch(/-9$/);
    expect(await place.unfinished()).toEqual([]);
  });

  test('keeps its headers, metadata and tags, and gets the class and the key that the rules say', async () => {
    const place = new Giants();
    await place.list({ giant });
    await putText(place.source, 'giant', giant, {
      contentType: 'video/mp4',
      metadata: { by: 'me' },
      tags: { team: 'film' },
    });
    const [message] = await place.left();
    if (message === undefined) throw new Error('nothing is queued');
    const [received] = await place.queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 60 });
    await place.queue.delete([received?.receipt ?? '']);
    await place.send({
      ...message,
      objectTags: 'copy',
      destination: { ...message.destination, kmsKeyId: 'key-1' },
      files: message.files.map((file) => ({ ...file, storageClass: 'STANDARD_IA' })),
    });
    await finish(place, place.hire('w'));
    expect(await place.destination.head('in/giant')).toMatchObject({
      contentType: 'video/mp4',
      metadata: { by: 'me' },
      storageClass: 'STANDARD_IA',
      encryption: 'aws:kms',
    });
    expect(await place.destination.tags('in/giant')).toEqual({ team: 'film' });
  });

  test('of a source that knows no If-Match arrives all the same', async () => {
    const place = new Giants();
    await place.list({ giant });
    const source = replacing<ObjectStore>(place.source, {
      get: async (key, options) => {
        if (options?.ifMatch !== undefined) throw refused('precondition', 'PreconditionFailed', 412);
        return place.source.get(key, options);
      },
    });
    await finish(place, place.hire('w', null, { source }));
    expect(await place.arrived()).toEqual({ giant });
    expect(await place.endings('giant')).toEqual({ copied: 1, 'handed-on': 5 });
  });

  test('takes no more memory than there is room for', async () => {
    const place = new Giants();
    await place.list({ giant });
    let held = 0;
    let most = 0;
    const source = replacing<ObjectStore>(place.source, {
      get: async (key, options) => {
        const isPart = options?.ifMatch !== undefined;
        if (isPart) held += 1;
        most = Math.max(most, held);
        await place.clock.sleep(100);
        if (isPart) held -= 1;
        return place.source.get(key, options);
      },
    });
    // Room for two parts of three bytes, although two runs of two parts are under way.
    await finish(place, place.hire('w', null, { source, memory: new MemoryGate(6) }));
    expect(most).toBe(2);
    expect(await place.arrived()).toEqual({ giant });
  });

  test('no larger than the threshold is copied by one worker in one piece', async () => {
    const place = new Giants();
    await place.list({ just: 'x'.repeat(cut.fleetPartsFromBytes) });
    await finish(place, place.hire('w'));
    expect(await place.endings('just')).toEqual({ copied: 1 });
    expect(place.destination.requestsMade()).toEqual({ PutObject: 1 });
  });

  test('that has become small since it was listed is copied in one piece', async () => {
    const place = new Giants();
    await place.list({ giant });
    await putText(place.source, 'giant', 'tiny');
    await finish(place, place.hire('w'));
    expect(await place.arrived()).toEqual({ giant: 'tiny' });
    expect(await place.endings('giant')).toEqual({ copied: 1 });
  });

  test('whose split message comes twice is uploaded once', async () => {
    const place = new Giants();
    await place.list({ giant });
    await place.send(...(await place.left()));
    await finish(place, place.hire('w1'), place.hire('w2'));
    expect(place.destination.requestsMade()['CompleteMultipartUpload']).toBe(1);
    expect(place.destination.requestsMade()['UploadPart']).toBe(9);
    expect((await place.endings('giant')).copied).toBe(1);
    expect(await place.unfinished()).toEqual([]);
  });

  test('that was overwritten on the way arrives whole in its new version', async () => {
    const place = new Giants();
    await place.list({ giant });
    await finishWhile(place, async (reads) => {
      if (reads === 6) await putText(place.source, 'giant', giant.toUpperCase());
    });
    expect(await place.arrived()).toEqual({ giant: giant.toUpperCase() });
    expect((await place.endings('giant')).copied).toBe(1);
    expect(await place.unfinished()).toEqual([]);
  });

  test('that is overwritten again and again ends as source-changed once, without an upload', async () => {
    const place = new Giants();
    await place.list({ giant });
    await finishWhile(place, (reads) => putText(place.source, 'giant', `${giant} ${reads}`));
    const exceptions = await filedExceptions(place.jobStore, address.folder, '0000');
    expect(exceptions).toMatchObject([{ key: 'giant', kind: 'source-changed' }]);
    expect(exceptions[0]?.reason).toMatch(/^3 attempts failed, the last with: source: ChangedObject/);
    expect(await place.arrived()).toEqual({});
    expect(await place.unfinished()).toEqual([]);
  });

  test.each([
    ['is deleted', 'source-missing', null],
    ['may not be read any more', 'source-denied', refused('denied', 'AccessDenied', 403)],
    ['is archived', 'source-archived', refused('archived', 'InvalidObjectState', 403)],
  ] as const)('that %s on the way ends as %s once, without an upload', async (_, kind, failure) => {
    const place = new Giants();
    await place.list({ giant });
    await finishWhile(place, async (reads) => {
      if (reads <= 4) return undefined;
      if (failure === null) return 'gone';
      throw failure;
    });
    const exceptions = await filedExceptions(place.jobStore, address.folder, '0000');
    expect(exceptions).toMatchObject([{ key: 'giant', kind }]);
    expect(await place.unfinished()).toEqual([]);
  });

  test('that has ended as an exception begins no second upload when its message comes once more', async () => {
    const place = new Giants();
    await place.list({ giant });
    const messages = await place.left();
    const source = replacing(place.source, {
      get: async (key, options) => {
        if (options?.range?.first === 0) return place.source.get(key, options);
        throw refused('denied', 'AccessDenied', 403);
      },
    });
    await finish(place, place.hire('w1', null, { source }));
    await place.send(...messages);
    await finish(place, place.hire('w2'));
    expect(place.destination.requestsMade()['CreateMultipartUpload']).toBe(1);
    expect(await filedExceptions(place.jobStore, address.folder, '0000')).toHaveLength(1);
  });

  test('that a repair sends again, when it was copied already, is copied again', async () => {
    const place = new Giants();
    await place.list({ giant });
    const messages = await place.left();
    await finish(place, place.hire('w1'));
    await place.destination.delete('in/giant');
    await place.send(...messages.map((message) => ({ ...message, batch: `${message.batch}-r1` })));
    await finish(place, place.hire('w2'));
    expect(await place.arrived()).toEqual({ giant });
    expect((await place.endings('giant')).copied).toBe(2);
  });

  test('of which one part cannot be written ends as exhausted once, after the attempts at that run', async () => {
    const place = new Giants();
    await place.list({ giant });
    const parts = replacing(place.destination.parts, {
      write: async (upload, part, bytes, signal) => {
        if (part === 4) throw refused('failed', 'InternalError', 500);
        return place.destination.parts.write(upload, part, bytes, signal);
      },
    });
    const destination = replacing(place.destination, { parts });
    await finish(place, place.hire('w1', null, { destination }), place.hire('w2', null, { destination }));
    const exceptions = await filedExceptions(place.jobStore, address.folder, '0000');
    expect(exceptions).toMatchObject([{ key: 'giant', kind: 'exhausted', attempt: 3 }]);
    expect(exceptions[0]?.reason).toBe(
      '3 attempts at parts 3 to 4 failed, the last with: destination: InternalError: no',
    );
    expect(await place.unfinished()).toEqual([]);
    // What does not fail is copied once: only the run that fails is tried again.
    expect(place.destination.requestsMade()['UploadPart']).toBeLessThanOrEqual(9 + 2);
  });

  test('whose store forgets how it ended, though the upload was completed, counts as copied', async () => {
    const place = new Giants();
    await place.list({ giant });
    const parts = replacing(place.destination.parts, {
      complete: async (upload, held) => {
        await place.destination.parts.complete(upload, held);
        return place.destination.parts.complete(upload, held);
      },
    });
    const destination = replacing(place.destination, { parts });
    await finish(place, place.hire('w', null, { destination }));
    expect((await place.endings('giant')).copied).toBe(1);
    expect(place.destination.requestsMade()['CreateMultipartUpload']).toBe(1);
  });

  test('of which the store does not tell every part is never completed without the rest', async () => {
    const place = new Giants();
    await place.list({ giant });
    let asked = 0;
    const parts = replacing(place.destination.parts, {
      complete: async (upload, held) => {
        asked += 1;
        if (asked === 1) throw refused('failed', 'InvalidPart');
        return place.destination.parts.complete(upload, held);
      },
      held: async function* (upload) {
        for await (const part of place.destination.parts.held(upload)) if (part.part < 9) yield part;
      },
    });
    const destination = replacing(place.destination, { parts });
    await finish(place, place.hire('w', null, { destination }));
    expect(await place.arrived()).toEqual({ giant });
    expect(await place.endings('giant')).toMatchObject({ copied: 1, retried: 1 });
  });

  test('under a KMS key, with a part that two workers wrote, is completed with the parts that the store holds', async () => {
    const place = new Giants();
    await place.list({ giant });
    const [message] = await place.left();
    if (message === undefined) throw new Error('nothing is queued');
    const [received] = await place.queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 60 });
    await place.queue.delete([received?.receipt ?? '']);
    await place.send({ ...message, destination: { ...message.destination, kmsKeyId: 'key-1' } });
    let written = 0;
    const parts = replacing(place.destination.parts, {
      write: async (upload, part, bytes) => {
        const held = await place.destination.parts.write(upload, part, bytes);
        written += 1;
        // Another worker, which has lost its lease, writes the same part once more.
        if (written === 5) await place.destination.parts.write(upload, part, bytes);
        return held;
      },
    });
    const destination = replacing(place.destination, { parts });
    await finish(place, place.hire('w', null, { destination }));
    expect(await place.arrived()).toEqual({ giant });
    expect(place.destination.requestsMade()).toMatchObject({ CompleteMultipartUpload: 2, ListParts: 1 });
  });

  test('whose worker stops is given back without an attempt, and another one goes on', async () => {
    const place = new Giants();
    await place.list({ giant });
    const parts = replacing(place.destination.parts, {
      write: async (_upload, _part, _bytes, signal) => {
        await place.clock.sleep(1e6, signal);
        throw refused('failed', 'AbortError');
      },
    });
    const slow = place.hire('slow', null, { destination: replacing(place.destination, { parts }) });
    await place.clock.advance(5000);
    slow.halt();
    await place.passUntil(slow.done);
    expect((await place.left()).map(({ attempt, run }) => [run?.index, attempt]).toSorted()).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
    await finish(place, place.hire('next'));
    expect(await place.arrived()).toEqual({ giant });
    expect(place.destination.requestsMade()['CreateMultipartUpload']).toBe(1);
  });
});
