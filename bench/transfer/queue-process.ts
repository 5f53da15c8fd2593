import { startQueueServer } from '../../local/queue-server.ts';

// The queue as a process of its own that keeps everything in memory: SQS takes no core and no disk from a worker.
const {
  connection: { endpoint, queueUrl },
  stop,
} = await startQueueServer(null);
process.stdout.write(`${JSON.stringify({ endpoint, queueUrl })}\n`);
// The other end of the pipe closes with the benchmark, however that ends.
process.stdin.resume().once('end', () => void stop().then(() => process.exit(0)));
