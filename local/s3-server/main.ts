import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Distribution, distributions } from './generated-keys.ts';
import { startS3Server } from './s3-server.ts';

const USAGE = `node local/s3-server/main.ts [--folder <path>] [--port <number>] [--region <name>]
  [--bucket <name>]... [--generated <name>=<distribution>:<objects>]... [--list-latency <ms>] [--credentials-file <json file: {"access key": "secret"}>] [--with-parent]`;

const credentialsFile = z.record(z.string().min(1), z.string().min(1));

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '0' },
    region: { type: 'string' },
    bucket: { type: 'string', multiple: true, default: [] },
    generated: { type: 'string', multiple: true, default: [] },
    'list-latency': { type: 'string', default: '0' },
    'credentials-file': { type: 'string' },
    'with-parent': { type: 'boolean', default: false },
  },
});

const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  throw new Error(`--port ${values.port} is no port; give 0 for a free one or 1 to 65535.\n${USAGE}`);
}

const server = await startS3Server({
  port,
  buckets: values.bucket,
  generated: Object.fromEntries(values.generated.map(readGenerated)),
  faults: { latencyMs: { list: Number(values['list-latency']), read: 0, write: 0 } },
  ...(values.folder === undefined ? {} : { folder: values.folder }),
  ...(values.region === undefined ? {} : { region: values.region }),
  ...(values['credentials-file'] === undefined
    ? {}
    : { credentials: readCredentials(values['credentials-file']) }),
});
process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint })}\n`);

const stop = async () => {
  await server.stop();
  process.exit(0);
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
if (values['with-parent']) {
  // The parent holds the other end of this pipe; it closes with the parent, however that ends.
  process.stdin.once('end', stop).once('close', stop).resume();
}

function readGenerated(text: string): [string, { distribution: Distribution; objects: number }] {
  const [, name = '', distribution, objects] = /^([^=]+)=([a-z]+):(\d+)$/.exec(text) ?? [];
  const known = distributions.find((each) => each === distribution);
  if (known === undefined)
    throw new Error(
      `--generated ${text} must be like big=flat:1000000, of ${distributions.join(', ')}.\n${USAGE}`,
    );
  return [name, { distribution: known, objects: Number(objects) }];
}

/** Secrets come in a file: arguments are visible to every user of the machine. */
function readCredentials(path: string): Readonly<Record<string, string>> {
  const parsed = credentialsFile.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${path} must hold one JSON object, access key to secret: ${z.prettifyError(parsed.error)}`,
  );
}
