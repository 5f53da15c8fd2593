import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { InvalidRequest, SecretMissing } from '../../core/errors.ts';
import type { Secrets } from '../../core/ports.ts';

const SecretValues = z.record(z.string(), z.string().min(1));
type SecretValues = z.infer<typeof SecretValues>;

/**
 * Secrets in a JSON file of one machine, `{ "name": "value", … }`. The file is refused unless it belongs to
 * this user and nobody else may read or write it. It is read once, and again whenever `fresh` asks for it.
 * Throws `SecretMissing` for a file or name that is not there and `InvalidRequest` for a file that is not
 * safe or not of that form; no message ever holds a value or a piece of the file.
 */
export class SecretsFile implements Secrets {
  readonly #path: string;
  #values: Promise<SecretValues> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(name: string, options: { fresh?: boolean } = {}): Promise<string> {
    if (this.#values === undefined || options.fresh === true) {
      const values = load(this.#path);
      this.#values = values;
      // A file that was mended must not stay refused because of an earlier look at it.
      values.catch(() => {
        if (this.#values === values) this.#values = undefined;
      });
    }
    const values = await this.#values;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      throw new SecretMissing(
        `The secrets file ${this.#path} has no entry ${JSON.stringify(name)}. Add it, or correct the name in the request.`,
      );
    }
    return value;
  }
}

async function load(path: string): Promise<SecretValues> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new SecretMissing(
      `The secrets file ${path} cannot be opened (${code}). Create it as {"name": "value"} and run: chmod 600 ${path}`,
    );
  });
  try {
    // The open file is examined, not its path, so that nobody can swap it in between.
    const { mode, uid } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new InvalidRequest(
        `The secrets file ${path} is no regular file. Name a file, not a folder or a pipe.`,
      );
    }
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw new InvalidRequest(
        `The secrets file ${path} belongs to user id ${uid}. It must belong to the user that runs this command (user id ${process.getuid()}).`,
      );
    }
    if (process.getuid !== undefined && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(3, '0');
      throw new InvalidRequest(
        `The secrets file ${path} can be used by others (mode ${shown}). Run: chmod 600 ${path}`,
      );
    }
    return parse(path, await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

function parse(path: string, text: string): SecretValues {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text around the fault.
    throw new InvalidRequest(
      `The secrets file ${path} is not JSON. Write it as {"name": "value", "other": "value"}.`,
    );
  }
  const values = SecretValues.safeParse(json);
  if (values.success) return values.data;
  const name = values.error.issues[0]?.path[0];
  const where =
    name === undefined ? 'is no object' : `has an entry ${JSON.stringify(name)} that is no text or empty`;
  throw new InvalidRequest(
    `The secrets file ${path} ${where}. Write it as {"name": "value", "other": "value"}.`,
  );
}
