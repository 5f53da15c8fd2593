import { describe, expect, it } from 'vitest';
import { resolveConnection } from '../../../adapters/aws/resolve-connection.ts';
import { MemorySecrets } from '../../../adapters/memory/secrets.ts';
import type { BucketLocation } from '../../../core/batching/batch.ts';
import { InvalidRequest, SecretMissing } from '../../../core/errors.ts';

const location = (fields: Partial<BucketLocation> = {}): BucketLocation => ({
  provider: 'IBMCOS',
  bucket: 'media-archive',
  region: 'us-south',
  endpoint: null,
  secrets: { accessKey: '/access', secretKey: '/secret', endpoint: '/endpoint' },
  ...fields,
});
const secretsWith = (endpoint: string, more: Record<string, string> = {}) =>
  new MemorySecrets({ '/access': 'AKID', '/secret': 'shhh', '/endpoint': endpoint, ...more });

describe('a connection', () => {
  it('takes credentials and endpoint from the named secrets', async () => {
    expect(await resolveConnection(location(), secretsWith('https://s3.example.com'))).toEqual({
      provider: 'IBMCOS',
      bucket: 'media-archive',
      region: 'us-south',
      endpoint: 'https://s3.example.com',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'shhh' },
    });
  });

  it('takes a session token where one is named', async () => {
    const secrets = { accessKey: '/access', secretKey: '/secret', sessionToken: '/token' };
    const found = await resolveConnection(location({ secrets }), secretsWith('', { '/token': 'tok' }));
    expect(found.credentials).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'shhh', sessionToken: 'tok' });
    expect(found.endpoint).toBeNull();
  });

  it('uses the default AWS chain and Amazon S3 where nothing is named', async () => {
    const found = await resolveConnection(location({ secrets: null }), new MemorySecrets());
    expect(found).toMatchObject({ credentials: null, endpoint: null });
  });

  it('prefers the endpoint of the request and then does not need that of the secret', async () => {
    const secrets = new MemorySecrets({ '/access': 'AKID', '/secret': 'shhh' });
    const found = await resolveConnection(location({ endpoint: 'http://127.0.0.1:9000' }), secrets);
    expect(found.endpoint).toBe('http://127.0.0.1:9000');
  });

  it('sees a rotated credential when asked for a fresh one', async () => {
    const secrets = secretsWith('https://s3.example.com');
    await resolveConnection(location(), secrets);
    secrets.set('/secret', 'rotated');
    expect((await resolveConnection(location(), secrets)).credentials?.secretAccessKey).toBe('shhh');
    const fresh = await resolveConnection(location(), secrets, { fresh: true });
    expect(fresh.credentials?.secretAccessKey).toBe('rotated');
  });

  it('names the secret that is missing', async () => {
    const secrets = new MemorySecrets({ '/access': 'AKID', '/endpoint': 's3.example.com' });
    await expect(resolveConnection(location(), secrets)).rejects.toThrow(SecretMissing);
    await expect(resolveConnection(location(), secrets)).rejects.toThrow('"/secret"');
  });

  it.each([
    [
      's3.us-south.cloud-object-storage.appdomain.cloud',
      'https://s3.us-south.cloud-object-storage.appdomain.cloud',
    ],
    ['https://s3.example.com/', 'https://s3.example.com'],
    ['  https://s3.example.com\n', 'https://s3.example.com'],
    ['HTTPS://S3.Example.com', 'https://s3.example.com'],
    ['http://127.0.0.1:8333', 'http://127.0.0.1:8333'],
    ['127.0.0.1:8333', 'https://127.0.0.1:8333'],
    ['localhost:9000', 'https://localhost:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
  ])('understands the endpoint %s', async (given, understood) => {
    expect((await resolveConnection(location(), secretsWith(given))).endpoint).toBe(understood);
    expect((await resolveConnection(location({ endpoint: given }), secretsWith(''))).endpoint).toBe(
      understood,
    );
  });

  it.each([
    'https://s3.example.com/bucket',
    'https://user@s3.example.com',
    'https://user:word@s3.example.com',
    'https://s3.example.com?region=x',
    'https://s3.example.com#x',
    'ftp://s3.example.com',
    's3://bucket',
    'two words',
    '   ',
    'http://',
  ])('refuses the endpoint %j: named when it is a field, never shown when it is a secret', async (given) => {
    const asField = await resolveConnection(location({ endpoint: given }), secretsWith('')).catch(
      (e: unknown) => e,
    );
    expect(asField).toBeInstanceOf(InvalidRequest);
    expect(String(asField)).toContain(`The field "endpoint" is "${given}"`);
    const asSecret = await resolveConnection(location(), secretsWith(given)).catch((e: unknown) => e);
    expect(asSecret).toBeInstanceOf(InvalidRequest);
    expect(String(asSecret)).toContain('"/endpoint"');
    if (given.trim() !== '') expect(String(asSecret)).not.toContain(given);
  });
});
