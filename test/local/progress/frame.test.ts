import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cellsOf, cutToCells } from '../../../local/progress/cells.ts';
import { frame, type PacedSnapshot } from '../../../local/progress/frame.ts';
import type { ProgressSnapshot } from '../../../local/progress/snapshot.ts';
import { snapshotAt, startMs } from './sample-snapshot.ts';

const pace = { objectsPerSecond: 50.4, bytesPerSecond: 64 * 1024 ** 2, secondsLeft: 724.2 };
const paced = (seconds: number, changes: Partial<PacedSnapshot> = {}): PacedSnapshot => ({
  ...snapshotAt(seconds, changes),
  pace,
  ...changes,
});
const state = (name: string, from: number, to: number | null, failed = false) => ({
  name,
  startedAtMs: startMs + from * 1000,
  endedAtMs: to === null ? null : startMs + to * 1000,
  failed,
});

test('the block in the middle of the copying, on 80 columns', () => {
  expect(frame(paced(42), 80, false)).toEqual([
    'Drover archive-2026-11  42 s',
    'Validate ✓ 0.1 s   List source ⠋ 42 s',
    '',
    'Listed     2,143 objects, 1.21 TiB (43 unchanged, 100 excluded)',
    'Copied     ████████████····································  25 %',
    '           500 of 2,000 objects, 233 GiB of 931 GiB',
    'Verified   ················································     –',
    '           after the copy',
    'Rate       50 objects/s, 64.0 MiB/s',
    'Time left  12 min 5 s',
    'Queue      75 waiting, 8 in flight · 3 of 4 workers',
    'Trouble    3 exceptions, 12 retried',
  ]);
});

test('the block at the very beginning knows nothing and says so', () => {
  const none = { objects: 0, bytes: 0 };
  const lines = frame(
    paced(0, {
      states: [state('Validate', 0, null)],
      listed: none,
      listingFinished: false,
      toCopy: none,
      unchanged: none,
      excluded: none,
      copied: none,
      exceptions: 0,
      retried: 0,
      backlog: { visible: 0, inFlight: 0, delayed: 0 },
      workers: { running: 0, desired: 0 },
      pace: { objectsPerSecond: null, bytesPerSecond: null, secondsLeft: null },
    }),
    60,
    false,
  );
  expect(lines).toEqual([
    'Drover archive-2026-11  0 s',
    'Validate ⠋ 0 s',
    '',
    'Listed     0 objects, 0 B and counting',
    'Copied     ··········································     –',
    '           0 of 0 objects, 0 B of 0 B',
    'Verified   ··········································     –',
    '           after the copy',
    'Rate       –',
    'Time left  –',
    'Queue      0 waiting, 0 in flight · 0 of 0 workers',
    'Trouble    0 exceptions, 0 retried',
  ]);
});

describe('states', () => {
  const states = [
    state('Validate', 0, 0.1),
    state('Drain', 1, 61),
    state('Verify', 61, 65),
    state('Drain', 65, 75),
    state('Verify', 75, null),
  ];

  test('that were entered again are one entry with the sum of their times', () => {
    expect(frame(paced(76.2, { states }), 80, false)[1]).toBe(
      'Validate ✓ 0.1 s   Drain ✓ 1 min 10 s ×2   Verify ⠹ 5.2 s ×2',
    );
  });

  test('that failed are crossed', () => {
    expect(frame(paced(9, { states: [state('Preflight', 0, 2, true)] }), 80, false)[1]).toBe(
      'Preflight ✗ 2 s',
    );
  });

  test('go to the next line between two entries, never within one', () => {
    const lines = frame(paced(76.2, { states }), 44, false);
    expect(lines.slice(1, 3)).toEqual(['Validate ✓ 0.1 s   Drain ✓ 1 min 10 s ×2', 'Verify ⠹ 5.2 s ×2']);
  });
});

describe('bars', () => {
  const copiedBar = (copied: ProgressSnapshot['copied']) => frame(paced(9, { copied }), 80, false)[4];

  test('are full, and say 100 %, only when all is done', () => {
    expect(copiedBar({ objects: 1999, bytes: 999_999_999_999 })).toBe(`Copied     ${'█'.repeat(47)}▉  99 %`);
    expect(copiedBar({ objects: 2000, bytes: 1_000_000_000_000 })).toBe(`Copied     ${'█'.repeat(48)} 100 %`);
  });

  test('show the first byte', () => {
    expect(copiedBar({ objects: 0, bytes: 1 })).toBe(`Copied     ▏${'·'.repeat(47)}   0 %`);
  });

  test('count objects when no object has a byte', () => {
    const lines = frame(
      paced(9, { toCopy: { objects: 4, bytes: 0 }, copied: { objects: 1, bytes: 0 } }),
      80,
      false,
    );
    expect(lines[4]).toContain('25 %');
  });
});

describe('text from outside', () => {
  const hostile = 'w\x1b[2J\x07\r\n\u202e終わり🎬'.repeat(12);
  const snapshot = paced(9, { migration: hostile, notice: hostile, states: [state(hostile, 0, null)] });

  test('cannot move the cursor, clear the screen or ring the bell', () => {
    expect(frame(snapshot, 80, false).join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(stripVTControlCharacters(frame(snapshot, 80, true).join(''))).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test.each([1, 2, 20, 79, 80, 81, 120, 200])('fits %d columns by display cells', (columns) => {
    for (const line of frame(snapshot, columns, true)) {
      expect(cellsOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(Math.max(1, columns - 1));
    }
  });
});

test('colour changes nothing but colour', () => {
  const notice =
    'worker w-3 died; its 3 messages return to the queue in four minutes, and another worker takes them';
  const plain = frame(paced(9, { notice }), 80, false);
  expect(frame(paced(9, { notice }), 80, true).map(stripVTControlCharacters)).toEqual(plain);
  expect(frame(paced(9, { notice }), 80, true).join('')).toContain('\x1b[');
});

test('a long notice goes on in a second line', () => {
  const notice =
    'worker w-3 died; its 3 messages return to the queue in four minutes, and another worker takes them';
  expect(frame(paced(9, { notice }), 80, false).slice(-2)).toEqual([
    'Notice     worker w-3 died; its 3 messages return to the queue in four minutes,',
    '           and another worker takes them',
  ]);
});

test('wide and combining characters are counted as the terminal draws them', () => {
  expect(['abc', '日本', 'e\u0301', '🎬', 'ｱ', '한'].map(cellsOf)).toEqual([3, 4, 1, 2, 1, 2]);
  expect(cutToCells('日本語', 4)).toBe('日…');
  expect(cutToCells('日本', 4)).toBe('日本');
});
