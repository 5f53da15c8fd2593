import { createInterface } from 'node:readline';
import { z } from 'zod';
import { startS3Server } from '../../local/s3-server/s3-server.ts';

/** A line that the benchmark sends: set the latency of reads and writes, or tell what was asked so far. */
const Command = z.strictObject({ latencyMs: z.number().min(0).optional() });

// The S3 server as a process of its own, so that it shares no thread with what is measured.
const server = await startS3Server({ buckets: process.argv.slice(2) });
const say = (value: object): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ endpoint: server.endpoint });
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { latencyMs } = Command.parse(JSON.parse(line));
  if (latencyMs !== undefined)
    server.faults.latencyMs = { list: latencyMs, read: latencyMs, write: latencyMs };
  say({ requests: server.requests.snapshot().byOperation });
});
// The other end of the pipe closes with the benchmark, however that ends.
lines.on('close', () => void server.stop().then(() => process.exit(0)));
