import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A server of the benchmark in a process of its own, which shares no thread with what is measured. */
export type ServerProcess = {
  /** The next line that it says, parsed. Throws when it has ended instead. */
  next(): Promise<unknown>;
  send(command: object): void;
  /** Closes its standard input, on which it ends, and waits for that. */
  stop(): Promise<void>;
};

/** Starts a module of this folder. */
export function startServerProcess(module: string, parameters: readonly string[] = []): ServerProcess {
  const script = new URL(`${module}.ts`, import.meta.url).pathname;
  const options = { stdio: ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'] };
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, script, ...parameters], options);
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done === true)
        throw new Error(`${[module, ...parameters].join(' ')} has ended; see its error above`);
      return JSON.parse(value);
    },
    send: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
