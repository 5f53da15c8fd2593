import { expect, it } from 'vitest';
import { MemorySecrets } from '../../../adapters/memory/secrets.ts';
import { SecretMissing } from '../../../core/errors.ts';

it('shows a rotated value to a fresh read only', async () => {
  const secrets = new MemorySecrets({ '/key': 'old' });
  expect(await secrets.read('/key')).toBe('old');
  secrets.set('/key', 'new');
  expect(await secrets.read('/key')).toBe('old');
  expect(await secrets.read('/key', { fresh: true })).toBe('new');
  expect(await secrets.read('/key')).toBe('new');
});

it('names the secret that is not there', async () => {
  const secrets = new MemorySecrets({ '/key': 'old' });
  await expect(secrets.read('/other')).rejects.toThrow(SecretMissing);
  await secrets.read('/key');
  secrets.remove('/key');
  await expect(secrets.read('/key', { fresh: true })).rejects.toThrow('"/key"');
  await expect(secrets.read('constructor')).rejects.toThrow(SecretMissing);
});
