import { describe, expect, it } from 'vitest';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeLines } from '../../core/json-lines.ts';
import type { RequestsBySide } from '../../core/requests-made.ts';
import type { OutcomeRow } from '../../core/transfer/outcome.ts';
import type { WorkerTotals } from '../../core/transfer/outcome-file.ts';
import { gatherTotals } from '../../functions/gather-totals.ts';

const folder = 'migrations/exit-ibm';
const row: OutcomeRow = {
  key: 'a',
  batch: '0000-0',
  attempt: 1,
  outcome: 'copied',
  sizeBytes: 1,
  carrier: 'rclone',
  endedAtMs: 1,
  durationMs: 1,
};
const totalsOf = (
  worker: string,
  requests: RequestsBySide,
  throughput: WorkerTotals['throughput'] = [],
): { totals: WorkerTotals } => ({
  totals: {
    worker,
    startedAtMs: 0,
    copied: { objects: 1, bytes: 1 },
    exceptions: 0,
    retried: 0,
    requests,
    throughput,
  },
});
const requests = (get: number, put: number): RequestsBySide => ({
  source: { GetObject: get },
  destination: { PutObject: put },
});

async function filed(files: readonly [worker: string, file: number, lines: unknown[]][]) {
  const jobStore = new MemoryJobStore();
  for (const [worker, file, lines] of files)
    await jobStore.write(jobLayout.outcomeFile(folder, worker, file), encodeLines(lines));
  return gatherTotals(jobStore, folder);
}

describe('what all workers did', () => {
  it('is nothing before any of them said something', async () => {
    expect(await filed([])).toEqual({ requests: { source: {}, destination: {} }, throughput: [] });
  });

  it('is the last word of each, not the sum of all its words', async () => {
    const given = await filed([
      ['w1', 0, [row, totalsOf('w1', requests(1, 1))]],
      ['w1', 9, [row, totalsOf('w1', requests(10, 5))]],
      ['w1', 10, [row, totalsOf('w1', requests(11, 6))]],
      ['w2', 0, [row, totalsOf('w2', { source: { HeadObject: 2 }, destination: { PutObject: 1 } })]],
    ]);
    expect(given.requests).toEqual({
      source: { GetObject: 11, HeadObject: 2 },
      destination: { PutObject: 7 },
    });
  });

  it('is told apart for workers whose names begin alike', async () => {
    const given = await filed([
      ['w1', 0, [totalsOf('w1', requests(1, 0))]],
      ['w1-a', 0, [totalsOf('w1-a', requests(2, 0))]],
      ['w10', 0, [totalsOf('w10', requests(4, 0))]],
    ]);
    expect(given.requests.source).toEqual({ GetObject: 7 });
  });

  it('puts their throughput into one series', async () => {
    const bucket = (startMs: number, widthMs: number, objects: number) => ({
      startMs,
      widthMs,
      objects,
      bytes: objects * 10,
    });
    const given = await filed([
      ['w1', 0, [totalsOf('w1', requests(0, 0), [bucket(0, 500, 1), bucket(500, 500, 2)])]],
      ['w2', 0, [totalsOf('w2', requests(0, 0), [bucket(0, 250, 4), bucket(250, 250, 8)])]],
    ]);
    expect(given.throughput).toEqual([bucket(0, 500, 13), bucket(500, 500, 2)]);
  });

  it('leaves out a file that ends without totals', async () => {
    const given = await filed([
      ['w1', 0, [row]],
      ['w2', 0, [totalsOf('w2', requests(3, 3))]],
    ]);
    expect(given.requests).toEqual(requests(3, 3));
  });

  it('does not count a pass that came after', async () => {
    const jobStore = new MemoryJobStore();
    const later = jobLayout.passFolder('exit-ibm', 2);
    await jobStore.write(
      jobLayout.outcomeFile(later, 'w1', 0),
      encodeLines([totalsOf('w1', requests(5, 5))]),
    );
    expect((await gatherTotals(jobStore, folder)).requests).toEqual({ source: {}, destination: {} });
    expect((await gatherTotals(jobStore, later)).requests).toEqual(requests(5, 5));
  });
});
