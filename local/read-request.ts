import { readFile } from 'node:fs/promises';
import { InvalidRequest } from '../core/errors.ts';
import type { Json } from './interpret.ts';

/** Reads a request file as JSON. Throws `InvalidRequest` with the file, the place and the mend. */
export async function readRequest(path: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new InvalidRequest(`--input ${path} cannot be read (${code}). Give the path of a request file.`);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new InvalidRequest(
      `--input ${path} is not JSON (${said}). Mend it there; comments and trailing commas are not JSON.`,
    );
  }
}
