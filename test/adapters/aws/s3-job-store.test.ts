import { createServer, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { S3JobStore } from '../../../adapters/aws/s3-job-store.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { jobStoreConformance } from '../../conformance/job-store.ts';

const connectionTo = (endpoint: string) => ({
  provider: 'AWS',
  bucket: 'jobs',
  region: 'us-east-1',
  endpoint,
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});

jobStoreConformance('Amazon S3', async () => {
  const server = await startS3Server({ buckets: ['jobs'], credentials: { a: 'b' } });
  const store = new S3JobStore(connectionTo(server.endpoint));
  return {
    store,
    addressPrefix: 's3://jobs/',
    close: async () => {
      store.close();
      await server.stop();
    },
  };
});

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server({ buckets: ['jobs'] });
});
afterAll(() => server.stop());

it('takes its own write for its own when the answer was lost and the retry met it', async () => {
  let answersToLose = 1;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const passed = httpRequest(
      { host: '127.0.0.1', port: server.port, method, path: url, headers },
      (answer) => {
        if (method === 'PUT' && answersToLose-- > 0) return void incoming.socket.destroy();
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const store = new S3JobStore(connectionTo(`http://127.0.0.1:${port}`));
  const { version } = await store.write('lock.json', Buffer.from('mine'), { replaces: null });
  expect((await store.read('lock.json'))?.version).toBe(version);
  answersToLose = 1;
  await store.write('lock.json', Buffer.from('mine too'), { replaces: version });
  answersToLose = 0;
  await expect(store.write('lock.json', Buffer.from('mine too'), { replaces: version })).rejects.toThrow(
    'lock.json',
  );
  store.close();
  await new Promise((resolve) => proxy.close(resolve));
});

it('lets a browser open the report', async () => {
  const store = new S3JobStore(connectionTo(server.endpoint));
  await store.write('migrations/m/report.html', Buffer.from('<!doctype html>'));
  const answer = await fetch(`${server.endpoint}/jobs/migrations/m/report.html`);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  store.close();
});

it('says that it cannot be in a directory bucket, for good', async () => {
  const { endpoint: _, ...connection } = connectionTo('');
  const store = new S3JobStore({ ...connection, endpoint: null, bucket: 'jobs--use1-az4--x-s3' });
  await expect(store.write('a.json', Buffer.from('{}'))).rejects.toMatchObject({
    kind: 'unsupported',
    message: expect.stringContaining('jobs--use1-az4--x-s3: it is a directory bucket'),
  });
  store.close();
});
