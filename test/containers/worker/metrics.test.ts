import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { metricFields, openMeter, reportMetrics } from '../../../containers/worker/metrics.ts';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';

const nothing = { objectsCopied: 0, bytesCopied: 0, objectsFailed: 0, throttled: 0, filesInFlight: 0 };
const settled = (objects: number, bytes: number, exceptions: number) => ({
  copied: { objects, bytes },
  exceptions,
  retried: 0,
});
const throttledResult: CopyResult = {
  result: 'throttled',
  side: 'source',
  reason: 'SlowDown',
  carrier: 'rclone',
  requests: { source: {}, destination: {} },
  sizeBytes: 0,
};

describe('the metrics of a worker', () => {
  it('are a line in the embedded metric format, with a value and a unit for each metric', () => {
    const interval = {
      objectsCopied: 7,
      bytesCopied: 4096,
      objectsFailed: 1,
      throttled: 2,
      filesInFlight: 3,
    };
    const line = JSON.parse(JSON.stringify(metricFields('dev', 1_763_884_800_000, interval)));
    const [directive, ...more] = line._aws.CloudWatchMetrics;
    expect(more).toEqual([]);
    expect(line._aws.Timestamp).toBe(1_763_884_800_000);
    expect(directive.Namespace).toBe('Drover');
    // Every dimension and every metric must be a member of the root. [src: the format's specification]
    expect(directive.Dimensions).toEqual([['Stage']]);
    expect(line.Stage).toBe('dev');
    const values = directive.Metrics.map(({ Name, Unit }: { Name: string; Unit: string }) => [
      Name,
      line[Name],
      Unit,
    ]);
    expect(values).toEqual([
      ['ObjectsCopied', 7, 'Count'],
      ['BytesCopied', 4096, 'Bytes'],
      ['ObjectsFailed', 1, 'Count'],
      ['Throttled', 2, 'Count'],
      ['FilesInFlight', 3, 'Count'],
    ]);
  });

  it('are what happened since the last ones, not since the start', () => {
    const heard: string[] = [];
    const meter = openMeter((event) => void heard.push(event));
    meter.log('settled', settled(5, 100, 1));
    expect(meter.take()).toEqual({ ...nothing, objectsCopied: 5, bytesCopied: 100, objectsFailed: 1 });
    meter.log('settled', settled(6, 150, 1));
    meter.log('settled', settled(9, 300, 3));
    meter.log('draining', { held: 0 });
    expect(meter.take()).toEqual({ ...nothing, objectsCopied: 4, bytesCopied: 200, objectsFailed: 2 });
    expect(meter.take()).toEqual(nothing);
    expect(heard).toEqual(['settled', 'settled', 'settled', 'draining']);
  });

  it('count what is in flight and what was throttled', async () => {
    const meter = openMeter(() => undefined);
    const ends: ((result: CopyResult) => void)[] = [];
    const copier = meter.counting({ copy: () => new Promise((resolve) => void ends.push(resolve)) });
    const signal = new AbortController().signal;
    const copies = ['a', 'b'].map((key) => copier.copy(aFile(key), aBatch([aFile(key)]), signal));
    expect([meter.filesInFlight(), meter.take().filesInFlight]).toEqual([2, 2]);
    ends[0]?.(throttledResult);
    await copies[0];
    expect(meter.take()).toEqual({ ...nothing, throttled: 1, filesInFlight: 1 });
    ends[1]?.({ ...throttledResult, result: 'copied' });
    await copies[1];
    expect(meter.take()).toEqual(nothing);
  });

  it('count a copy that breaks as ended', async () => {
    const meter = openMeter(() => undefined);
    const copier = meter.counting({ copy: () => Promise.reject(new Error('broken')) });
    await expect(copier.copy(aFile('a'), aBatch([]), new AbortController().signal)).rejects.toThrow('broken');
    expect(meter.filesInFlight()).toBe(0);
  });

  it('are logged once a minute, also when nothing moved, and a last time at the end', async () => {
    const clock = new ManualClock();
    const meter = openMeter(() => undefined);
    const lines: string[] = [];
    const report = reportMetrics('dev', meter, {
      clock,
      log: (event, fields) => void lines.push(`${clock.nowMs()} ${event} ${fields?.['ObjectsCopied']}`),
    });
    meter.log('settled', settled(2, 1, 0));
    await clock.advance(120_000);
    meter.log('settled', settled(3, 1, 0));
    await report.close();
    await clock.advance(120_000);
    expect(lines).toEqual(['60000 metrics 2', '120000 metrics 0', '120000 metrics 1']);
  });
});
