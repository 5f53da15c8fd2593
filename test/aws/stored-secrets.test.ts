import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServiceError } from '../../adapters/aws/service-error.ts';
import { StoredSecrets } from '../../adapters/aws/stored-secrets.ts';
import { ManualClock } from '../../adapters/memory/clock.ts';
import { SecretMissing } from '../../core/errors.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

describeOnMoto('secrets in Secrets Manager', () => {
  let server: MotoServer;
  let client: SecretsManagerClient;
  const clock = new ManualClock(0, { selfMoving: true });
  const secretsUnder = (prefix: string) =>
    new StoredSecrets({ ...motoAccount, endpoint: server.endpoint }, prefix, clock);
  const rotate = (SecretId: string, SecretString: string) =>
    client.send(new PutSecretValueCommand({ SecretId, SecretString }));

  beforeAll(async () => {
    server = await startMoto();
    client = new SecretsManagerClient({ ...motoAccount, endpoint: server.endpoint });
    const create = (Name: string, value: { SecretString?: string; SecretBinary?: Uint8Array }) =>
      client.send(new CreateSecretCommand({ Name, ...value }));
    await create('/drover/dev/migration/source_secret_key', { SecretString: 'the dev value' });
    await create('/drover/prod/migration/source_secret_key', { SecretString: 'the prod value' });
    await create('/drover/dev/plain', { SecretString: 'plain' });
    await create('/drover/dev/binary', { SecretBinary: Buffer.from('hidden bytes') });
    await create('/drover/dev/empty', {});
    await create('/drover/dev/deleted', { SecretString: 'gone' });
    await client.send(new DeleteSecretCommand({ SecretId: '/drover/dev/deleted' }));
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('are read under the prefix of the stage, so that stages share nothing', async () => {
    expect(await secretsUnder('/drover/dev').read('/migration/source_secret_key')).toBe('the dev value');
    expect(await secretsUnder('/drover/prod').read('/migration/source_secret_key')).toBe('the prod value');
    expect(await secretsUnder('').read('/drover/dev/plain')).toBe('plain');
    expect(await secretsUnder('/drover/dev').read('plain'), 'a name without a slash').toBe('plain');
  });

  it('are believed for a minute, and asked for anew when that is wanted', async () => {
    const secrets = secretsUnder('/drover/dev');
    await rotate('/drover/dev/plain', 'first');
    expect(await secrets.read('plain')).toBe('first');
    await rotate('/drover/dev/plain', 'second');
    await clock.sleep(59_000);
    expect(await secrets.read('plain')).toBe('first');
    expect(await secrets.read('plain', { fresh: true })).toBe('second');
    await rotate('/drover/dev/plain', 'third');
    expect(await secrets.read('plain'), 'the fresh value is kept').toBe('second');
    await clock.sleep(60_000);
    expect(await secrets.read('plain')).toBe('third');
  });

  it.each([
    ['/nowhere', /\/drover\/dev\/nowhere .*ResourceNotFoundException.* Create it there/],
    ['/deleted', /\/drover\/dev\/deleted .*InvalidRequestException.* Restore it/],
    ['/binary', /\/drover\/dev\/binary holds no text\. Store the plain value/],
    ['/empty', /\/drover\/dev\/empty/],
  ])('that cannot be had are missing, with the mend and without a value: %s', async (name, said) => {
    const read = secretsUnder('/drover/dev').read(name);
    await expect(read).rejects.toThrow(SecretMissing);
    await expect(read).rejects.toThrow(said);
    await expect(read).rejects.not.toThrow(/hidden|aGlkZGVu/);
  });

  it('that were missing are found once somebody stored them', async () => {
    const secrets = secretsUnder('/drover/dev');
    await expect(secrets.read('/late')).rejects.toThrow(SecretMissing);
    await client.send(new CreateSecretCommand({ Name: '/drover/dev/late', SecretString: 'there' }));
    expect(await secrets.read('/late')).toBe('there');
  });

  it('fail as a service and not as missing when nobody answers', async () => {
    const nobody = new StoredSecrets({ ...motoAccount, endpoint: 'http://127.0.0.1:1' }, '', clock);
    const read = nobody.read('/any');
    await expect(read).rejects.toThrow(ServiceError);
    await expect(read).rejects.toThrow(/The secret \/any .*ECONNREFUSED/);
    nobody.close();
  });
});
