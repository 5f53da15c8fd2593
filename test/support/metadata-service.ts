import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The instance metadata service on loopback: version 2 only, as the launch template asks for. */
export type MetadataService = {
  endpoint: string;
  /** What is told, by path under `meta-data`; what is missing is a 404. */
  items: Record<string, string>;
  /** Tokens that were given out. */
  tokensGiven(): number;
  /** Makes every token given out so far worthless. */
  forgetTokens(): void;
  /** When true every request is answered with 500. */
  broken: boolean;
  stop(): Promise<void>;
};

/** Starts the service on a free port. */
export async function startMetadataService(): Promise<MetadataService> {
  let given = 0;
  let validFrom = 0;
  const service: MetadataService = {
    endpoint: '',
    items: { 'instance-id': 'i-0abc', 'autoscaling/target-lifecycle-state': 'InService' },
    tokensGiven: () => given,
    forgetTokens: () => {
      validFrom = given;
    },
    broken: false,
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request;
    const answer = (status: number, text = '') => response.writeHead(status).end(text);
    if (service.broken) return answer(500);
    if (url === '/latest/api/token') {
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (method !== 'PUT' || !(seconds >= 1 && seconds <= 21_600)) return answer(400);
      given += 1;
      return answer(200, `token-${given}`);
    }
    const token = /^token-(\d+)$/.exec(String(headers['x-aws-ec2-metadata-token']))?.[1];
    if (method !== 'GET' || token === undefined || Number(token) <= validFrom) return answer(401);
    const item = service.items[url.replace('/latest/meta-data/', '')];
    return item === undefined ? answer(404) : answer(200, item);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return service;
}
