import {
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions';

/** A value that JSON can hold: what flows between states. */
export type Json = Parameters<StateMachine['run']>[0];

/** What a Task state does on this machine: its input after Parameters, its result before ResultSelector. */
export type TaskHandler = (input: Json) => Promise<Json>;

/** A state of the machine itself (not of a map's items) that is entered, left, or fails on the way. */
export type StateEvent = {
  /** `failed`: a try did, and may be tried again; `caught`: it ended in an error that a Catch took. */
  moment: 'entered' | 'left' | 'failed' | 'caught';
  name: string;
  type: string;
  atMs: number;
  error: string | null;
};

export type Interpretation = {
  definition: StateMachineDefinition;
  input: Json;
  execution: { id: string; name: string };
  tasks: Readonly<Record<string, TaskHandler>>;
  /** Milliseconds that Wait states take here, by state name. */
  waitsMs: Readonly<Record<string, number>>;
  /** Milliseconds before a retry, by state name; left out = as the definition says. */
  retriesMs: Readonly<Record<string, number>>;
  signal: AbortSignal;
  onState?: (event: StateEvent) => void;
};

/** An execution that ended in a Fail state or by an error nobody caught, in the words of Step Functions. */
export class ExecutionFailed extends Error {
  override readonly name = 'ExecutionFailed';
  readonly error: string;
  readonly causeText: string;
  constructor(error: string, causeText: string) {
    super(`${error}: ${causeText}`);
    this.error = error;
    this.causeText = causeText;
  }
}

/** An execution that was told to stop. */
export class ExecutionStopped extends Error {
  override readonly name = 'ExecutionStopped';
}

/** Each definition is validated once, which takes a tenth of a second; a drain is run again and again. */
const machines = new WeakMap<StateMachineDefinition, StateMachine>();

/**
 * Runs a state machine definition and gives its output. This is the only module that knows the interpreter.
 * Throws `ExecutionFailed` or, when the signal aborts, `ExecutionStopped`. A task under way is not cut short by
 * that: its handler has the signal too. No task is started after it, and `onState` is not called once this ends.
 */
export async function interpret(run: Interpretation): Promise<Json> {
  const { definition, execution, signal } = run;
  const refuseStopped = (): void => {
    if (signal.aborted) throw new ExecutionStopped('the execution was told to stop');
  };
  refuseStopped();
  const machine = machines.get(definition) ?? new StateMachine(definition);
  machines.set(definition, machine);
  // The interpreter cuts the pause before a retry short when it is aborted, and then tries again all the same.
  const unlessStopped =
    (handler: TaskHandler): TaskHandler =>
    async (input) => {
      refuseStopped();
      return handler(input);
    };
  const tasks = Object.entries(run.tasks).map(([state, handler]) => [state, unlessStopped(handler)]);
  const started = machine.run(run.input, {
    overrides: {
      taskResourceLocalHandlers: Object.fromEntries(tasks),
      waitTimeOverrides: { ...run.waitsMs },
      retryIntervalOverrides: { ...run.retriesMs },
    },
    context: { Execution: { Id: execution.id, Name: execution.name } },
    noThrowOnAbort: true,
  });
  const followed = follow(started.eventLogs, run.onState);
  const abort = (): void => started.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const output = await started.result;
    refuseStopped();
    return output;
  } catch (error) {
    throw inItsWords(error);
  } finally {
    signal.removeEventListener('abort', abort);
    await followed;
  }
}

/** The interpreter's errors in the words of Step Functions. */
function inItsWords(error: unknown): unknown {
  if (error instanceof ExecutionTimeoutError)
    return new ExecutionFailed('States.Timeout', 'the execution took longer than its TimeoutSeconds');
  if (error instanceof ExecutionError && error.cause instanceof Error)
    return new ExecutionFailed(error.cause.name, error.cause.message);
  return error;
}

/** Reads the events as they come, which also keeps them from piling up. */
async function follow(
  events: ReturnType<StateMachine['run']>['eventLogs'],
  onState: Interpretation['onState'],
): Promise<void> {
  for await (const event of events) {
    if (!('state' in event) || ('index' in event && event.index !== undefined)) continue;
    const { name, type } = event.state;
    const base = { name, type, atMs: event.timestamp, error: null };
    if (event.type === 'StateEntered') onState?.({ ...base, moment: 'entered' });
    else if (event.type === 'StateExited') onState?.({ ...base, moment: 'left' });
    else if (event.type === 'StateCaught') onState?.({ ...base, moment: 'caught' });
    else if (event.type === 'StateFailed') onState?.({ ...base, moment: 'failed', error: event.Error });
  }
}
