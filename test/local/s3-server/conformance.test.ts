import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { s3ServerSuite } from '../../conformance/s3-server.ts';

const keys = { accessKeyId: 'AKIASUITE', secretAccessKey: 'suite/secret+key' };
const access = { region: 'eu-central-1', credentials: { [keys.accessKeyId]: keys.secretAccessKey } };

s3ServerSuite('our S3 server, in memory', async () => {
  const server = await startS3Server(access);
  return { endpoint: server.endpoint, region: access.region, ...keys, stop: () => server.stop() };
});

s3ServerSuite('our S3 server, in a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-s3-'));
  const server = await startS3Server({ ...access, folder });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { endpoint: server.endpoint, region: access.region, ...keys, stop };
});
