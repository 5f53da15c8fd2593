import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRequest } from '../../local/read-request.ts';
import { smallInput } from '../support/sample-migration.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-request-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const written = async (text: string) => {
  const path = join(folder, 'request.json');
  await writeFile(path, text);
  return path;
};

it('a request file is read as JSON', async () => {
  expect(await readRequest(await written(JSON.stringify(smallInput)))).toEqual(smallInput);
});

it.each([
  ['a comment', '{ // here\n}', 'is not JSON ('],
  ['a trailing comma', '{ "source": {}, }', 'is not JSON ('],
  ['nothing', '', 'is not JSON ('],
])('%s is refused with the mend', async (_, text, words) => {
  const path = await written(text);
  await expect(readRequest(path)).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringMatching(
      /^--input .*\. Mend it there; comments and trailing commas are not JSON\.$/s,
    ),
  });
  await expect(readRequest(path)).rejects.toThrow(words);
});

it.each([
  ['that is not there', 'nowhere.json', 'ENOENT'],
  ['that is a folder', '.', 'EISDIR'],
])('a path %s is refused with the mend', async (_, name, code) => {
  const path = join(folder, name);
  await expect(readRequest(path)).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: `--input ${path} cannot be read (${code}). Give the path of a request file.`,
  });
});
