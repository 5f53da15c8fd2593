import { describe, expect, test } from 'vitest';
import {
  leftToCopy,
  paceOf,
  type Sample,
  secondsUntilCopied,
  slide,
} from '../../../local/progress/estimate.ts';
import { snapshotAt, startMs } from './sample-snapshot.ts';

const sample = (seconds: number, objects: number, bytes: number): Sample => ({
  atMs: startMs + seconds * 1000,
  copied: { objects, bytes },
});

describe('time left', () => {
  test.each([
    ['small objects wait for requests', { objects: 1000, bytes: 1000 }, 10, 1000, 100],
    ['large objects wait for bandwidth', { objects: 10, bytes: 1e6 }, 10, 1000, 1000],
    ['nothing left takes no time, also when nothing moves', { objects: 0, bytes: 0 }, 0, 0, 0],
    ['something left and nothing moving is not known', { objects: 1, bytes: 0 }, 0, 0, null],
    ['bytes left and no byte moving is not known', { objects: 1, bytes: 9 }, 5, 0, null],
  ])('%s', (_, left, objectsPerSecond, bytesPerSecond, seconds) => {
    expect(secondsUntilCopied(left, objectsPerSecond, bytesPerSecond)).toBe(seconds);
  });

  test('keys that were given up are not waited for', () => {
    expect(leftToCopy(snapshotAt(0))).toEqual({ objects: 1497, bytes: 750_000_000_000 });
    expect(leftToCopy(snapshotAt(0, { exceptions: 1500 }))).toEqual({ objects: 0, bytes: 0 });
  });

  test('copies that count twice do not make it negative', () => {
    const copied = { objects: 2100, bytes: 2e12 };
    expect(leftToCopy(snapshotAt(0, { copied }))).toEqual({ objects: 0, bytes: 0 });
  });

  test('is not known while the listing goes on', () => {
    const samples = [sample(0, 0, 0), sample(10, 500, 250e9)];
    expect(paceOf(samples, snapshotAt(10)).secondsLeft).toBe(30);
    expect(paceOf(samples, snapshotAt(10, { listingFinished: false })).secondsLeft).toBeNull();
  });
});

describe('the rate', () => {
  test('is not known from one look, nor from two within a second', () => {
    expect(paceOf([sample(0, 5, 5)], snapshotAt(0)).objectsPerSecond).toBeNull();
    expect(paceOf([sample(0, 0, 0), sample(0.5, 5, 5)], snapshotAt(0)).bytesPerSecond).toBeNull();
  });

  test('forgets what is older than ten seconds', () => {
    let samples: Sample[] = [];
    for (let second = 0; second <= 60; second += 1) {
      samples = slide(samples, sample(second, second < 50 ? second * 100 : 5000, 0));
    }
    expect(samples.length).toBeLessThanOrEqual(11);
    expect(paceOf(samples, snapshotAt(60)).objectsPerSecond).toBe(0);
  });

  test('spans the last two looks when they are rarer than the window', () => {
    const samples = [sample(0, 0, 0), sample(30, 300, 600), sample(60, 900, 6600)].reduce(slide, []);
    expect(paceOf(samples, snapshotAt(60))).toMatchObject({ objectsPerSecond: 20, bytesPerSecond: 200 });
  });
});
