import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

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

type Execution = ReturnType<StateMachine['run']>;
type Ending = { error: string; causeText: string } | null;

/**
 * Runs a state machine definition and gives its output. This is the only module that knows the interpreter.
 * Throws `ExecutionFailed` or, when the signal aborts, `ExecutionStopped`. A task under way is not cut short by
 * that: its handler has the signal too.
 */
export async function interpret(run: Interpretation): Promise<Json> {
  const { definition, execution, signal } = run;
  if (signal.aborted) throw new ExecutionStopped('the execution was told to stop');
  const started = new StateMachine(definition).run(run.input, {
    overrides: {
      taskResourceLocalHandlers: { ...run.tasks },
      waitTimeOverrides: { ...run.waitsMs },
      retryIntervalOverrides: { ...run.retriesMs },
    },
    context: { Execution: { Id: execution.id, Name: execution.name } },
    noThrowOnAbort: true,
  });
  const ending = follow(started, run.onState);
  const abort = (): void => started.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const output = await started.result;
    if (signal.aborted) throw new ExecutionStopped('the execution was told to stop');
    return output;
  } catch (error) {
    if (error instanceof ExecutionStopped) throw error;
    const failure = await ending;
    throw failure === null ? error : new ExecutionFailed(failure.error, failure.causeText);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Reads the events as they come, which also keeps them from piling up, and gives how the execution ended. */
async function follow({ eventLogs }: Execution, onState: Interpretation['onState']): Promise<Ending> {
  let ending: Ending = null;
  for await (const event of eventLogs) {
    if (event.type === 'ExecutionFailed')
      ending = { error: event.Error ?? 'States.Runtime', causeText: String(event.Cause ?? '') };
    if (!('state' in event) || ('index' in event && event.index !== undefined)) continue;
    const { name, type } = event.state;
    const base = { name, type, atMs: event.timestamp, error: null };
    if (event.type === 'StateEntered') onState?.({ ...base, moment: 'entered' });
    else if (event.type === 'StateExited') onState?.({ ...base, moment: 'left' });
    else if (event.type === 'StateCaught') onState?.({ ...base, moment: 'caught' });
    else if (event.type === 'StateFailed') onState?.({ ...base, moment: 'failed', error: event.Error });
  }
  return ending;
}
