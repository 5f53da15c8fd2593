import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryJobStore } from '../../../adapters/memory/job-store.ts';
import type { BatchMessage } from '../../../core/batching/batch.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import { encodeJson } from '../../../core/json-lines.ts';
import type { Copier } from '../../../core/ports.ts';
import { nextCount } from '../../../core/scaling/fleet-share.ts';
import { followFleet, openCeilings } from '../../../core/transfer/follow-fleet.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { aResult } from '../../support/scripted-copier.ts';

const file = aFile('a');
const signal = new AbortController().signal;
const shared = { requestsPerSecond: 10, bandwidthBytesPerSecond: 1000, workers: 10 };
const path = jobLayout.fleetCount(aBatch([file]).folder);

describe('a worker under the ceilings of a migration', () => {
  let clock: ManualClock;
  let jobStore: MemoryJobStore;
  let reads: number;
  let limits: BatchMessage['limits'][];
  let copy: (given?: BatchMessage['limits']) => Promise<void>;

  beforeEach(() => {
    clock = new ManualClock(0);
    jobStore = new MemoryJobStore();
    reads = 0;
    limits = [];
    const inner: Copier = {
      async copy(file, batch) {
        limits.push(batch.limits);
        return aResult('copied', file);
      },
    };
    const counting = replacing(jobStore, {
      read(path) {
        reads += 1;
        return jobStore.read(path);
      },
    });
    const copier = followFleet(inner, openCeilings({ jobStore: counting, clock, log: () => undefined }));
    copy = async (given = shared) => {
      await copier.copy(file, aBatch([file], { limits: given }), signal);
    };
  });

  async function count(workers: number): Promise<void> {
    const before = await jobStore.read(path);
    const last = before === null ? null : JSON.parse(Buffer.from(before.bytes).toString());
    await jobStore.write(path, encodeJson(nextCount(last, workers, clock.nowMs())));
  }

  it('takes one part in the most workers that there may be, until somebody counts', async () => {
    await copy();
    expect(limits).toEqual([{ requestsPerSecond: 10, bandwidthBytesPerSecond: 1000 }]);
  });

  it('takes what a small fleet leaves to each, once all have heard, and less when the fleet grows', async () => {
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await count(minutes < 6 ? 2 : 9);
      await copy();
      await clock.advance(60_000);
    }
    const bandwidths = limits.map(({ bandwidthBytesPerSecond }) => bandwidthBytesPerSecond);
    expect(bandwidths[0]).toBe(1000);
    expect(bandwidths[5]).toBe(4500);
    expect(bandwidths.at(-1)).toBe(1000);
    expect(limits[5]?.requestsPerSecond).toBe(45);
  });

  it('looks at most once a minute, and not at all where there is no ceiling', async () => {
    const none = { requestsPerSecond: null, bandwidthBytesPerSecond: null, workers: 10 };
    await copy(none);
    await copy({ requestsPerSecond: null, bandwidthBytesPerSecond: 5 });
    expect(reads).toBe(0);
    for (let n = 0; n < 100; n += 1) await copy();
    expect(reads).toBe(1);
    await clock.advance(59_000);
    await copy();
    expect(reads).toBe(1);
    await clock.advance(1000);
    await copy();
    expect(reads).toBe(2);
    expect(limits.slice(0, 2)).toEqual([none, { requestsPerSecond: null, bandwidthBytesPerSecond: 5 }]);
  });

  it('takes next to nothing where it cannot read the count', async () => {
    await jobStore.write(path, Buffer.from('no JSON'));
    await copy();
    expect(limits).toEqual([{ requestsPerSecond: expect.closeTo(1, 9), bandwidthBytesPerSecond: 100 }]);
  });
});
