import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretsFile } from '../../../adapters/disk/secrets-file.ts';
import { InvalidRequest, SecretMissing } from '../../../core/errors.ts';

const secretValue = 'wJalrXUtnFEMI-bPxRfiCY';

describe('a secrets file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-secrets-'));
    path = join(folder, 'secrets.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (content: string, mode = 0o600) => {
    await writeFile(path, content);
    await chmod(path, mode);
  };
  const refusal = async (name = '/key') => {
    const error = await new SecretsFile(path).read(name).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain(secretValue.slice(0, 6));
    return error;
  };

  it('gives a value by its name', async () => {
    await write(JSON.stringify({ '/migration/key': secretValue }));
    expect(await new SecretsFile(path).read('/migration/key')).toBe(secretValue);
  });

  it('is read once, and again when a fresh value is asked for', async () => {
    await write('{"/key": "old"}');
    const secrets = new SecretsFile(path);
    expect(await secrets.read('/key')).toBe('old');
    await write('{"/key": "new"}');
    expect(await secrets.read('/key')).toBe('old');
    expect(await secrets.read('/key', { fresh: true })).toBe('new');
    expect(await secrets.read('/key')).toBe('new');
  });

  it('can be mended without a restart', async () => {
    const secrets = new SecretsFile(path);
    await expect(secrets.read('/key')).rejects.toThrow(SecretMissing);
    await write('{"/key": "value"}', 0o644);
    await expect(secrets.read('/key')).rejects.toThrow(InvalidRequest);
    await chmod(path, 0o600);
    expect(await secrets.read('/key')).toBe('value');
  });

  it.each([0o640, 0o604, 0o660, 0o620, 0o601, 0o644, 0o777])('is refused with mode %o', async (mode) => {
    await write(JSON.stringify({ '/key': secretValue }), mode);
    const error = await refusal();
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(String(error)).toContain(`chmod 600 ${path}`);
    expect(String(error)).toContain(mode.toString(8));
  });

  it.each([0o600, 0o400, 0o700])('is taken with mode %o', async (mode) => {
    await write('{"/key": "value"}', mode);
    expect(await new SecretsFile(path).read('/key')).toBe('value');
  });

  it('is refused when it is not there, with how to make it', async () => {
    const error = await refusal();
    expect(error).toBeInstanceOf(SecretMissing);
    expect(String(error)).toContain('ENOENT');
    expect(String(error)).toContain(`chmod 600 ${path}`);
  });

  it('is refused when it is a folder', async () => {
    await mkdir(path, { mode: 0o700 });
    const error = await refusal();
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(String(error)).toContain('no regular file');
  });

  it('is examined where a link leads', async () => {
    await writeFile(join(folder, 'real'), '{"/key": "value"}', { mode: 0o644 });
    await symlink(join(folder, 'real'), path);
    expect(await refusal()).toBeInstanceOf(InvalidRequest);
    await chmod(join(folder, 'real'), 0o600);
    expect(await new SecretsFile(path).read('/key')).toBe('value');
  });

  it.each([
    ['broken JSON', `{"/key": "${secretValue}`, 'is not JSON'],
    ['the bare value', secretValue, 'is not JSON'],
    ['a list', `["${secretValue}"]`, 'is no object'],
    ['a text', `"${secretValue}"`, 'is no object'],
    ['null', 'null', 'is no object'],
    ['a nested object', `{"outer": {"inner": "${secretValue}"}}`, '"outer"'],
    ['a number', '{"/key": 5}', '"/key"'],
    ['an empty value', '{"/key": ""}', '"/key"'],
  ])('is refused when it holds %s, without showing it', async (_, content, message) => {
    await write(content);
    const error = await refusal();
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(path);
  });

  it.each(['/other', 'toString', '__proto__'])('names the entry %s that it lacks', async (name) => {
    await write(JSON.stringify({ '/key': secretValue }));
    const error = await refusal(name);
    expect(error).toBeInstanceOf(SecretMissing);
    expect(String(error)).toContain(`"${name}"`);
  });

  it.runIf(process.getuid?.() === 0)('is refused when it belongs to another user', async () => {
    await write(JSON.stringify({ '/key': secretValue }));
    const { chown } = await import('node:fs/promises');
    await chown(path, 65_534, 65_534);
    const error = await refusal();
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(String(error)).toContain('belongs to user id 65534');
  });
});
