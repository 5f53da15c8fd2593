import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A server that answers as the test says, for what no sound store would do. */
export async function oddServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: string[] = [];
  let closed = 0;
  const server = createServer((request, response) => {
    requests.push(request.method ?? '');
    response.on('close', () => {
      closed += response.writableFinished ? 0 : 1;
    });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    /** Answers that were broken off by the other side. */
    brokenOff: () => closed,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Headers of an object, as any store sends them. */
export function objectHeaders(sizeBytes: number, etag: string): Record<string, string | number> {
  return {
    'content-length': sizeBytes,
    etag: `"${etag}"`,
    'last-modified': 'Wed, 21 Oct 2020 07:28:00 GMT',
  };
}
