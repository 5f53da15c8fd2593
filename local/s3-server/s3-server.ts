import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { admit } from './access.ts';
import { isBucketName } from './bucket-operations.ts';
import { FaultInjector, type Faults, faultsWith } from './faults.ts';
import type { GeneratedBucket } from './generated-shelf.ts';
import type { ServerState } from './operation.ts';
import { parseTarget } from './raw-target.ts';
import { RequestCounters } from './request-counters.ts';
import { routeOf } from './routing.ts';
import { asS3Error, sendAnswer, sendRefusal } from './send-answer.ts';
import { openStorehouse } from './storehouse.ts';

export type S3ServerOptions = {
  /** Where buckets and objects are kept; absent: in memory, gone with the server. */
  readonly folder?: string;
  /** 0, the default, takes a free one. The server is reached on 127.0.0.1 only. */
  readonly port?: number;
  /** Absent: signatures for any region are taken and us-east-1 is reported. */
  readonly region?: string;
  /** Access key to secret. Absent: everybody is let in, signed or not. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Created at the start where they are not there yet. */
  readonly buckets?: readonly string[];
  /** Buckets that are computed as they are listed, by name: for benchmarks and tests of listings. */
  readonly generated?: Readonly<Record<string, GeneratedBucket>>;
  readonly faults?: Partial<Faults>;
  /** Smallest part but the last of a multipart upload; S3's 5 MiB unless a test wants small ones. */
  readonly minimumPartBytes?: number;
};

export type S3Server = {
  readonly endpoint: string;
  readonly port: number;
  readonly requests: RequestCounters;
  /** Change a field and it holds from the next request on. */
  readonly faults: Faults;
  /** Replace it to rotate or revoke keys; undefined lets everybody in. */
  credentials: Readonly<Record<string, string>> | undefined;
  /** Breaks every open connection, hanging ones included, as a restart would; new ones are taken. */
  disconnect(): void;
  /** Breaks open connections, hanging ones included, and closes the store. */
  stop(): Promise<void>;
};

/** Long enough that a client's idle connection is not closed under its next request. */
const KEEP_ALIVE_MS = 120_000;
/** A key of 1,024 bytes is 3 KiB when encoded, and a copy names two; S3 itself allows 8 KiB of headers. */
const LARGEST_HEADERS_BYTES = 32 * 1024;
const FIVE_MIB = 5 * 1024 * 1024;

/**
 * Starts an S3-compatible server on loopback, path-style addressing only. It has no versions, ACLs, object
 * locks, customer-provided keys, restores or form uploads, and says so (NotImplemented); chunk signatures and
 * the checksums crc32c and crc64nvme are taken on trust.
 * @throws when the port or the folder is taken, or a bucket name is not valid
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { buckets = [], region = 'us-east-1', minimumPartBytes = FIVE_MIB } = options;
  for (const name of buckets) {
    if (isBucketName(name)) continue;
    throw new Error(`"${name}" is no valid bucket name; use 3 to 63 of a-z, 0-9, . and -.`);
  }
  const storehouse = openStorehouse(options.folder);
  for (const name of buckets) {
    if (storehouse.bucket(name) === undefined) storehouse.createBucket(name, region);
  }
  for (const [name, generated] of Object.entries(options.generated ?? {}))
    storehouse.generateBucket(name, region, generated);
  const faults = faultsWith(options.faults);
  const injector = new FaultInjector(faults);
  const requests = new RequestCounters();
  const state: ServerState = { storehouse, faults: injector, region, minimumPartBytes };
  let { credentials } = options;
  let requestsSeen = 0;

  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    requestsSeen += 1;
    const requestId = requestsSeen.toString(16).toUpperCase().padStart(16, '0');
    response.setHeader('x-amz-request-id', requestId);
    const { method = 'GET', headers, url = '/' } = message;
    try {
      const target = parseTarget(url);
      const request = { method, target, headers, message };
      const route = routeOf(request);
      requests.arrived(route.name, target.bucket);
      if ((await injector.before(route.name)) === 'hang') return;
      const rules = { credentials, expiredKeys: faults.expiredKeys, region: options.region };
      admit(request, rules, storehouse.bucket(target.bucket)?.region);
      injector.refuseDenied(route.name, target.bucket, target.key);
      const given = await route.operation(state, request);
      const fate = route.name === 'GetObject' ? injector.onObjectBody() : 'whole';
      if (fate === 'dropped') message.socket.destroy();
      else await sendAnswer(response, given, fate);
    } catch (thrown) {
      const error = asS3Error(thrown);
      requests.refused(error.code);
      if (response.headersSent) message.socket.destroy();
      else sendRefusal(response, error, { method, path: url.split('?')[0] ?? '/', requestId });
      // The rest of a refused body is read and forgotten, so that the client gets to see the answer.
      message.resume();
    }
  };

  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: 0,
      maxHeaderSize: LARGEST_HEADERS_BYTES,
      noDelay: true,
    },
    (message, response) => void answer(message, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      storehouse.close();
      reject(error);
    });
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    storehouse.close();
  };
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    requests,
    faults,
    get credentials() {
      return credentials;
    },
    set credentials(replaced) {
      credentials = replaced;
    },
    disconnect: () => server.closeAllConnections(),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
