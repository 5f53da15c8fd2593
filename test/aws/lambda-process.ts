import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

const Answer = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

/** One Lambda function, in a process of its own. */
export type LambdaProcess = {
  /** Calls the handler. Rejects with an error of the name and message that it threw. */
  invoke(event: unknown): Promise<unknown>;
  /** What it logged so far. */
  logged(): string;
  stop(): Promise<void>;
};

/** Starts the function whose `handler` the file of `functions/` exports, with this environment and nothing else. */
export function startLambda(file: string, environment: Readonly<Record<string, string>>): LambdaProcess {
  const child = fork(
    new URL('lambda-runtime.ts', import.meta.url),
    [new URL(`../../functions/${file}.ts`, import.meta.url).href],
    {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (log += String(chunk)));
  const waiting = new Map<number, (answer: z.infer<typeof Answer>) => void>();
  child.on('message', (message) => {
    const answer = Answer.parse(message);
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ended = once(child, 'exit');
  let calls = 0;
  return {
    async invoke(event) {
      const id = ++calls;
      const answered = new Promise<z.infer<typeof Answer>>((resolve) => waiting.set(id, resolve));
      child.send({ id, event });
      const answer = await Promise.race([answered, ended.then(() => null)]);
      if (answer === null) throw new Error(`the Lambda ${file} ended: ${log}`);
      if (answer.error === undefined) return answer.result;
      throw Object.assign(new Error(answer.error.message), { name: answer.error.name });
    },
    logged: () => log,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
