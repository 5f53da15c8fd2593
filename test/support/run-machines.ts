import { z } from 'zod';
import { explainFailure, Failure } from '../../core/report/explain-failure.ts';
import { parseRequest } from '../../core/request.ts';
import { steps } from '../../local/bindings.ts';
import { ExecutionFailed, interpret, type Json, type TaskHandler } from '../../local/interpret.ts';
import { IntegrationFailed, LambdaError } from '../../local/lambda-error.ts';
import { loadDefinition } from '../../local/load-definition.ts';
import { address, smallInput } from './sample-migration.ts';

/** What a state does in place of its sample; `call` counts from 1. It may throw what its step would. */
export type Script = Readonly<Record<string, (input: Json, call: number) => unknown>>;

/** How both machines went: states in the order they were entered, what was announced, what each task was given. */
export type Journey = {
  parent: string[];
  children: string[][];
  announced: { DetailType: string; Detail: Json }[];
  inputs: (state: string) => Json[];
  /** null = it succeeded. */
  failure: { error: string; cause: string } | null;
  output: Json;
};

const nothing = { objects: 0, bytes: 0 };
const outcomes = { copied: nothing, unchanged: nothing, excluded: nothing, exception: nothing };
const counts = { visible: 0, inFlight: 0, delayed: 0 };
/** The drain's own memory, as a step gives it. */
export const sampleWatch = {
  counts,
  emptyReads: 3,
  readAtMs: 2,
  fewest: 0,
  changedAtMs: 1,
  announcedAtMs: null,
};

const Address = z.object({ migration: z.string(), folder: z.string() });
const addressOf = (input: unknown) => Address.parse(input);

/** What each Lambda gives on the good path: two shards, drained at the first read, nothing to repair. */
const samples: Readonly<Record<keyof typeof steps, (input: Json) => unknown>> = {
  Validate: (input) => ({
    ...z.object({ migration: z.string(), startedAt: z.string() }).parse(input),
    folder: address.folder,
    request: parseRequest(z.object({ request: z.unknown() }).parse(input).request),
  }),
  Preflight: (input) => ({
    ...addressOf(input),
    startedAt: z.object({ startedAt: z.string() }).parse(input).startedAt,
    maxWorkers: 20,
    objectTags: 'copy',
  }),
  'Raise fleet': () => ({ minimum: 1, maximum: 20 }),
  'Read backlog': (input) => ({
    ...addressOf(input),
    polls: z.object({ polls: z.int() }).parse(input).polls + 1,
    watch: sampleWatch,
    verdict: 'drained',
  }),
  'Lower fleet': () => ({ running: 0 }),
  'Plan verification': (input) => ({ ...addressOf(input), round: 1, shards: ['0000', '0001'] }),
  'Verify shard': (input) => z.object({ shard: z.string() }).parse(input).shard,
  Judge: (input) => ({
    ...addressOf(input),
    round: z.object({ round: z.int() }).parse(input).round,
    shards: [],
    repair: false,
  }),
  'Enqueue shard repairs': (input) => z.object({ shard: z.string() }).parse(input).shard,
  'Clean up': () => ({ fleetStopped: true, listersStopped: 0, uploadsAborted: 0, problems: [] }),
  Report: async (input) => {
    const { state } = z.object({ state: z.object({ error: Failure.optional() }) }).parse(input);
    const error = state.error === undefined ? null : await explainFailure(state.error, async () => null);
    const detail = {
      migration: address.migration,
      report: 'disk:report.html',
      listed: nothing,
      outcomes,
      error,
    };
    return error === null
      ? { status: 'SUCCEEDED', error, event: 'Migration Succeeded', detail }
      : { status: 'FAILED', error, event: 'Migration Failed', detail };
  },
};

const PutEvents = z.strictObject({
  Entries: z.array(z.strictObject({ Source: z.literal('drover'), DetailType: z.string(), Detail: z.json() })),
});

const definitions = { migrate: await loadDefinition('migrate'), drain: await loadDefinition('drain') };

/**
 * Runs both definitions as they are deployed. Each Lambda takes only what its step's input schema takes and gives
 * only what its output schema gives, so that a state whose output does not fit the next one ends the run.
 */
export async function runMachines(
  script: Script = {},
  options: { input?: Json; name?: string; stop?: AbortSignal; onEntered?: (state: string) => void } = {},
): Promise<Journey> {
  const given = new Map<string, Json[]>();
  const journey: Journey = {
    parent: [],
    children: [],
    announced: [],
    inputs: (state) => given.get(state) ?? [],
    failure: null,
    output: null,
  };
  const perform = (state: string, otherwise: (input: Json) => unknown): TaskHandler => {
    return async (input) => {
      const inputs = given.get(state) ?? [];
      given.set(state, [...inputs, input]);
      return (await (script[state]?.(input, inputs.length + 1) ?? otherwise(input))) as Json;
    };
  };
  const lambda = (state: keyof typeof steps): TaskHandler => {
    const { input: takes, output: gives } = steps[state];
    const performed = perform(state, samples[state]);
    return async (input) => {
      try {
        takes.parse(input);
        return JSON.parse(JSON.stringify(gives.parse(await performed(input)))) as Json;
      } catch (error) {
        throw new LambdaError(error);
      }
    };
  };
  const announce = (state: string): TaskHandler =>
    perform(state, (input) => {
      journey.announced.push(...PutEvents.parse(input).Entries);
      return { FailedEntryCount: 0, Entries: [{ EventId: '0' }] };
    });
  const lambdas = Object.fromEntries(
    Object.keys(steps).map((state) => [state, lambda(state as keyof typeof steps)]),
  );
  const { migrate, drain } = definitions;
  const machine = {
    execution: { id: 'arn:exit-ibm', name: options.name ?? address.migration },
    signal: options.stop ?? new AbortController().signal,
    waitsMs: { 'Wait a minute': 0 },
    retriesMs: Object.fromEntries(
      [
        ...Object.keys(migrate.States),
        ...Object.keys(drain.States),
        'Verify shard',
        'Enqueue shard repairs',
      ].map((state) => [state, 0]),
    ),
  };

  const startDrain = perform('Drain', async (input) => {
    const { Input } = z.strictObject({ StateMachineArn: z.string(), Input: z.json() }).parse(input);
    const states: string[] = [];
    journey.children.push(states);
    try {
      const output = await interpret({
        ...machine,
        definition: drain,
        input: Input,
        tasks: { ...lambdas, 'Announce stall': announce('Announce stall') },
        onState: ({ moment, name }) => void (moment === 'entered' && states.push(name)),
      });
      return { Status: 'SUCCEEDED', Output: output };
    } catch (error) {
      if (!(error instanceof ExecutionFailed)) throw error;
      throw new IntegrationFailed({ Status: 'FAILED', Error: error.error, Cause: error.causeText });
    }
  });

  try {
    journey.output = await interpret({
      ...machine,
      definition: migrate,
      input: options.input ?? smallInput,
      tasks: {
        ...lambdas,
        'List source': perform('List source', () => ({
          LastStatus: 'STOPPED',
          Containers: [{ ExitCode: 0 }],
        })),
        Drain: startDrain,
        Announce: announce('Announce'),
        'Announce refusal': announce('Announce refusal'),
      },
      onState: ({ moment, name }) => {
        if (moment !== 'entered') return;
        journey.parent.push(name);
        options.onEntered?.(name);
      },
    });
  } catch (error) {
    if (!(error instanceof ExecutionFailed)) throw error;
    journey.failure = { error: error.error, cause: error.causeText };
  }
  return journey;
}
