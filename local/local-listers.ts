import { z } from 'zod';
import type { Clock, ListerTasks } from '../core/ports.ts';
import type { Child } from './child.ts';
import type { TaskHandler } from './interpret.ts';
import { IntegrationFailed } from './lambda-error.ts';

/** The part of ecs:runTask's parameters that means something to a process. */
const RunTask = z.object({
  Overrides: z.object({
    ContainerOverrides: z.tuple([
      z.object({ Environment: z.array(z.object({ Name: z.string(), Value: z.string() })) }),
    ]),
  }),
});

export type LocalListersParts = {
  start(environment: Record<string, string>): Child;
  clock: Clock;
  /** How long a lister that was asked to stop may take; then it is killed, as ECS does it. */
  graceSeconds: number;
  onNotice(notice: string): void;
};

/** Listers as processes of this machine: what ecs:runTask.sync starts and Clean up stops. */
export class LocalListers implements ListerTasks {
  readonly #parts: LocalListersParts;
  readonly #running = new Set<Child>();

  constructor(parts: LocalListersParts) {
    this.#parts = parts;
  }

  /** Runs one lister to its end, as the state waits for it. Fails as a stopped ECS task does. */
  readonly runTask: TaskHandler = async (input) => {
    const [{ Environment }] = RunTask.parse(input).Overrides.ContainerOverrides;
    const lister = this.#parts.start(Object.fromEntries(Environment.map(({ Name, Value }) => [Name, Value])));
    this.#running.add(lister);
    const { code, signal } = await lister.ended;
    this.#running.delete(lister);
    if (code === 0) return { LastStatus: 'STOPPED', Containers: [{ ExitCode: 0 }] };
    const how = signal ?? `exit code ${code}`;
    this.#parts.onNotice(`the lister ended (${how}); it is started again and resumes from its checkpoint`);
    throw new IntegrationFailed({
      StoppedReason: `Essential container in task exited (${how})`,
      Containers: [{ ExitCode: code }],
    });
  };

  async stopAll(): Promise<number> {
    const { clock, graceSeconds } = this.#parts;
    const running = [...this.#running];
    const gone = new AbortController();
    const ended = Promise.all(running.map((lister) => lister.ended)).then(() => gone.abort());
    for (const lister of running) lister.stop();
    await clock.sleep(graceSeconds * 1000, gone.signal);
    for (const lister of running) if (!gone.signal.aborted) lister.kill();
    await ended;
    return running.length;
  }

  /** Ends every lister the hard way. */
  async killAll(): Promise<void> {
    const running = [...this.#running];
    for (const lister of running) lister.kill();
    await Promise.all(running.map(({ ended }) => ended));
  }

  /** Ends the lister the hard way, as a lost task would; false when none runs. */
  killOne(): boolean {
    const [lister] = this.#running;
    lister?.kill();
    return lister !== undefined;
  }
}
