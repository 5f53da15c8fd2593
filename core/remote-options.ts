import { InvalidRequest, SecretMissing } from './errors.ts';
import { isPlaceholder } from './placeholder.ts';

/** The options of a remote, as rclone's configuration file holds them. Holds secrets: never write it anywhere. */
export type RemoteOptions = Record<string, string>;

/**
 * Reads the secret of an rclone source: a JSON object of options, as `rclone config dump` prints for one remote, or
 * the remote's section of `rclone.conf`. Passwords are obscured, as rclone keeps them. `secret` is its name.
 * Throws `SecretMissing` for one that was never filled and `InvalidRequest` for one that is no configuration; no
 * message holds a value.
 */
export function parseRemoteOptions(text: string, { secret, backend }: { secret: string; backend: string }) {
  const invalid = (what: string) =>
    new InvalidRequest(
      `secret ${secret} (source.secret) ${what}. Store what "rclone config dump" prints for the remote, or its section of rclone.conf.`,
    );
  const options = fromJson(text) ?? fromSection(text);
  if (options === null) {
    if (isPlaceholder(text)) throw unfilled(secret, null);
    throw invalid('is neither a JSON object of texts nor a section of option = value lines');
  }
  for (const [option, value] of Object.entries(options)) {
    if (!/^[a-z0-9_]+$/.test(option) || option.startsWith('_'))
      throw invalid('has an option whose name is none of rclone');
    if (value !== '' && isPlaceholder(value) && !isJson(value)) throw unfilled(secret, option);
  }
  const { type = backend, ...rest } = options;
  if (type !== backend) throw invalid(`is of a remote of another type than source.backend "${backend}"`);
  return rest;
}

function unfilled(secret: string, option: string | null): SecretMissing {
  return new SecretMissing(
    `secret ${secret} (source.secret) still holds a placeholder${option === null ? '' : ` for the option "${option}"`}. Store the real value in it, then start again.`,
  );
}

function fromJson(text: string): RemoteOptions | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const options: RemoteOptions = {};
  for (const [option, content] of Object.entries(value)) {
    // rclone's file knows texts only; an OAuth token is JSON in a text, and often pasted as it is.
    if (content === null) continue;
    options[option] = typeof content === 'object' ? JSON.stringify(content) : String(content);
  }
  return options;
}

function fromSection(text: string): RemoteOptions | null {
  const options: RemoteOptions = {};
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const told = lines.filter((line) => line !== '' && !/^[#;]/.test(line));
  if (told.length === 0) return null;
  for (const [index, line] of told.entries()) {
    if (index === 0 && /^\[[^\]]*\]$/.test(line)) continue;
    const equals = line.indexOf('=');
    if (equals < 1) return null;
    options[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
  }
  return Object.keys(options).length === 0 ? null : options;
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
