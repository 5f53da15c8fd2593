import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventFile } from '../../local/event-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-events-'));
  path = join(folder, 'events.jsonl');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const entry = (DetailType: string, Detail: Record<string, string | number>) => ({
  Source: 'drover',
  DetailType,
  Detail,
});

it('events are kept, a line each, in the order they came', async () => {
  const told: string[] = [];
  const put = eventFile(path, (detailType) => told.push(detailType));
  const given = await put({
    Entries: [entry('Migration Stalled', { n: 1 }), entry('Migration Failed', { n: 2 })],
  });
  await put({ Entries: [entry('Migration Succeeded', { line: 'a\nb' })] });
  expect(given).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: '0' }, { EventId: '1' }] });
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { Time: expect.stringMatching(/^\d{4}-.*Z$/), ...entry('Migration Stalled', { n: 1 }) },
    { Time: expect.any(String), ...entry('Migration Failed', { n: 2 }) },
    { Time: expect.any(String), ...entry('Migration Succeeded', { line: 'a\nb' }) },
  ]);
  expect(told).toEqual(['Migration Stalled', 'Migration Failed', 'Migration Succeeded']);
});

it.each([
  ['no entries', { Entries: [] }],
  ['no detail', { Entries: [{ Source: 'drover', DetailType: 'Migration Failed' }] }],
  ['nothing', null],
])('what EventBridge would not take is refused: %s', async (_, input) => {
  await expect(eventFile(path, () => undefined)(input)).rejects.toThrow();
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});
