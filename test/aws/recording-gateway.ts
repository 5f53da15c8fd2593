import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AwsCall, callsOf, signerOf } from './aws-call.ts';

/** A door in front of moto that notes what each access key asks for. */
export type RecordingGateway = {
  endpoint: string;
  /** Calls by the access key that signed them, each once, in order of their names. */
  calls(): Map<string, AwsCall[]>;
  /** Answers the next request that fits with this status, after a pause. */
  refuseNext(
    fits: (request: { method: string; url: string }) => boolean,
    status: number,
    pauseMs: number,
  ): void;
  stop(): Promise<void>;
};

/** Opens the door to the server at `behind`. */
export async function openGateway(behind: string): Promise<RecordingGateway> {
  const { hostname, port } = new URL(behind);
  const recorded = new Map<string, Map<string, AwsCall>>();
  let refusal: {
    fits: Parameters<RecordingGateway['refuseNext']>[0];
    status: number;
    pauseMs: number;
  } | null = null;

  const note = (incoming: IncomingMessage, body: Buffer, status: number): void => {
    const { method = '', url = '', headers } = incoming;
    const signer = signerOf({ headers });
    if (signer === null) return;
    const calls = recorded.get(signer.key) ?? new Map<string, AwsCall>();
    recorded.set(signer.key, calls);
    for (const call of callsOf(signer.service, { method, url, headers, body, status }))
      calls.set(`${call.service}:${call.action} ${call.resource}`, call);
  };

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming;
    if (headers.expect !== undefined) outgoing.writeContinue();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (refusal?.fits({ method, url })) {
      const { status, pauseMs } = refusal;
      refusal = null;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      note(incoming, body, status);
      outgoing.writeHead(status, { 'content-type': 'application/xml' });
      outgoing.end('<Error><Code>InvalidRequest</Code><Message>refused by the test</Message></Error>');
      return;
    }
    const { 'transfer-encoding': _, expect: __, ...passed } = headers;
    const forward = httpRequest(
      { hostname, port, method, path: url, headers: { ...passed, 'content-length': body.byteLength } },
      (answer) => {
        note(incoming, body, answer.statusCode ?? 0);
        if (method === 'GET' && url.includes('uploads')) return void answerWithTimes(answer, outgoing);
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forward.on('error', () => outgoing.destroy());
    forward.end(body);
  };

  const failures: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch((error: unknown) => {
      failures.push(error);
      outgoing.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls() {
      if (failures.length > 0) throw failures[0];
      const inOrder = (calls: Map<string, AwsCall>) =>
        [...calls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call);
      return new Map([...recorded].map(([key, calls]) => [key, inOrder(calls)]));
    },
    refuseNext(fits, status, pauseMs) {
      refusal = { fits, status, pauseMs };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

/** moto says of every unfinished upload that it began in 2010; none would count as the migration's own. */
async function answerWithTimes(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const text = Buffer.concat(await answer.toArray()).toString();
  const now = new Date().toISOString();
  outgoing.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/xml' });
  outgoing.end(text.replaceAll(/<Initiated>[^<]*/g, `<Initiated>${now}`));
}
