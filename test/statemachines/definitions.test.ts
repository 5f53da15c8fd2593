import { existsSync } from 'node:fs';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as errors from '../../core/errors.ts';
import { steps } from '../../local/bindings.ts';
import { loadDefinition } from '../../local/load-definition.ts';
import { type Definition, isFields, listOf, readDefinition, type State } from '../support/definitions.ts';

const migrate = readDefinition('migrate');
const drain = readDefinition('drain');
const all = [...migrate.states.values(), ...drain.states.values()];
const tasks = all.filter(({ type }) => type === 'Task');
const maps = all.filter(({ type }) => type === 'Map');

/** Integrations that Step Functions carries out without a Lambda. */
const integrations = [
  'arn:aws:states:::ecs:runTask.sync',
  'arn:aws:states:::states:startExecution.sync:2',
  'arn:aws:states:::events:putEvents',
];

function stateOf({ name, states }: Definition, wanted: string): State {
  const found = states.get(wanted);
  if (found === undefined) throw new Error(`${name} has no state "${wanted}"`);
  return found;
}
const words = (name: string) => name.toLowerCase().split(' ');
const camelCase = (name: string) =>
  words(name)
    .map(capital)
    .join('')
    .replace(/^./, (first) => first.toLowerCase());
const capital = (word: string) => word.replace(/^./, (first) => first.toUpperCase());
const isLambda = ({ fields }: State) => isFields(fields['Resource']);
const caught = (state: State) =>
  listOf(state.fields['Catch']).map(({ ErrorEquals: names, Next: next }) => [names, next]);

describe('the definitions', () => {
  it.each(['migrate', 'drain'] as const)('%s is valid Amazon States Language', async (name) => {
    const definition = structuredClone(await loadDefinition(name));
    const { isValid, errorsText } = aslValidator(definition, { checkArn: true, checkPaths: true });
    expect(errorsText()).toBe('');
    expect(isValid).toBe(true);
  });

  it('use no state name twice', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('reach every state that they define', () => {
    for (const definition of [migrate, drain]) {
      const reached = reachedFrom(definition, String(definition.fields['StartAt']));
      const ownStates = [...definition.states.values()].filter(({ insideMap }) => !insideMap);
      expect([...reached].sort()).toEqual(ownStates.map(({ name }) => name).sort());
    }
  });
});

describe('every Task', () => {
  it.each(tasks.filter(isLambda).map((task) => [task.name, task] as const))(
    '%s is one file of that name with one step of that name',
    async (name, task) => {
      const path = `../../functions/${words(name).join('-')}.ts`;
      expect(existsSync(new URL(path, import.meta.url))).toBe(true);
      const module: Record<string, unknown> = await import(path);
      expect(Object.entries(steps).find(([state]) => state === name)?.[1]).toBe(module[camelCase(name)]);
      const logicalName = `${words(name).map(capital).join('')}LambdaFunction`;
      expect(task.fields['Resource']).toEqual({ 'Fn::GetAtt': [logicalName, 'Arn'] });
    },
  );

  it('that is no Lambda is an integration of Step Functions', () => {
    const others = tasks.filter((task) => !isLambda(task));
    expect(others.map(({ name }) => name).sort()).toEqual([
      'Announce',
      'Announce refusal',
      'Announce stall',
      'Drain',
      'List source',
    ]);
    for (const { fields } of others) expect(integrations).toContain(fields['Resource']);
  });

  it('is carried out: there is no step beside them', () => {
    expect(Object.keys(steps).sort()).toEqual(
      tasks
        .filter(isLambda)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each(tasks.map((task) => [task.name, task] as const))(
    '%s ends: it has a time-out and bounded retries',
    (_, { fields }) => {
      expect(fields['TimeoutSeconds']).toEqual(expect.any(Number));
      if (isFields(fields['Resource'])) expect(fields['TimeoutSeconds']).toBeLessThanOrEqual(900);
      const retriers = listOf(fields['Retry']);
      expect(retriers.length).toBeGreaterThan(0);
      for (const retrier of retriers) {
        expect(retrier['MaxAttempts']).toEqual(expect.any(Number));
        expect(retrier['MaxAttempts']).toBeLessThanOrEqual(10);
        expect(retrier['JitterStrategy']).toBe('FULL');
      }
    },
  );

  it('that is a Lambda is tried again when Lambda itself fails', () => {
    for (const { name, fields } of tasks.filter(isLambda)) {
      const names = listOf(fields['Retry']).flatMap(({ ErrorEquals: given }) => given);
      const covered = names.includes('States.ALL') || names.includes('Lambda.TooManyRequestsException');
      expect([name, covered]).toEqual([name, true]);
    }
  });
});

describe('every error name', () => {
  const own = Object.values(errors).flatMap((Class) =>
    Class === errors.MigrationError ? [] : [new (Class as new (message: string) => Error)('').name],
  );
  const named = all.flatMap(({ name, fields }) =>
    [...listOf(fields['Retry']), ...listOf(fields['Catch'])].flatMap(({ ErrorEquals: names }) =>
      z
        .array(z.string())
        .parse(names)
        .map((error) => [name, error] as const),
    ),
  );

  it.each(named)('of %s, %s, is one that can happen', (_, error) => {
    const ofAws = /^(Lambda|ECS|StepFunctions)\.[A-Za-z]+$/.test(error);
    const ofStates = ['States.ALL', 'States.TaskFailed', 'States.Timeout'].includes(error);
    expect(ofAws || ofStates || own.includes(error)).toBe(true);
  });

  it('that a Fail state gives by itself is one of ours', () => {
    const given = all.flatMap(({ fields }) => (typeof fields['Error'] === 'string' ? [fields['Error']] : []));
    expect(given).toEqual(['Stalled']);
    for (const name of given) expect(own).toContain(name);
  });
});

describe('every failure', () => {
  /** Everything that runs while there is something to clean up. */
  const cleaned = [
    'Raise fleet',
    'List source',
    'Drain',
    'Lower fleet',
    'Plan verification',
    'Verify',
    'Judge',
    'Enqueue repairs',
  ];
  it.each(cleaned)('of %s leads to Clean up, whatever it was', (name) => {
    expect(caught(stateOf(migrate, name))).toEqual([[['States.ALL'], 'Clean up']]);
  });

  it('of Preflight leads there too, but for a stack or an id that belongs to somebody else', () => {
    expect(caught(stateOf(migrate, 'Preflight'))).toEqual([
      [['StackBusy', 'CheckpointMismatch'], 'Announce refusal'],
      [['States.ALL'], 'Clean up'],
    ]);
  });

  it.each([
    ['Validate', 'Announce refusal'],
    ['Clean up', 'Report'],
    ['Report', 'Had it failed before?'],
    ['Announce', 'How did it end?'],
    ['Announce refusal', 'Refused'],
  ])('of %s leads to %s', (name, next) => {
    expect(caught(stateOf(migrate, name))).toEqual([[['States.ALL'], next]]);
  });

  it('is kept beside what the state had, so that Clean up and Report know which migration it was', () => {
    for (const { name, fields, insideMap } of migrate.states.values()) {
      for (const catcher of insideMap ? [] : listOf(fields['Catch']))
        expect([name, catcher['ResultPath']]).toEqual([name, expect.stringMatching(/^\$\.\w+$/)]);
    }
  });

  it('after which the machine goes on is caught: no Task is without a Catch', () => {
    const without = tasks.filter(({ fields }) => fields['Catch'] === undefined).map(({ name }) => name);
    // A map catches for its items, and the parent for the drain.
    expect(without.sort()).toEqual(['Enqueue shard repairs', 'Read backlog', 'Verify shard']);
  });

  it('ends in Fail: the way goes from Clean up over Report and Announce', () => {
    const nextOf = (name: string) => stateOf(migrate, name).fields['Next'];
    expect(['Clean up', 'Report', 'Announce', 'Announce refusal'].map(nextOf)).toEqual([
      'Report',
      'Announce',
      'How did it end?',
      'Refused',
    ]);
    expect(stateOf(migrate, 'How did it end?').fields['Default']).toBe('Failed');
    for (const name of ['Failed', 'Refused']) expect(stateOf(migrate, name).type).toBe('Fail');
  });
});

describe('no payload grows with the objects', () => {
  it.each(maps.map((map) => [map.name, map] as const))('what %s found is not handed on', (_, { fields }) => {
    const dropped = fields['ResultPath'] === null;
    const constant = JSON.stringify(fields['ResultSelector']) === '{"watch":null}';
    expect(dropped || constant).toBe(true);
  });

  it('an item of a map is a shard’s name, and so is its result', () => {
    for (const { fields } of maps)
      expect(fields['ItemSelector']).toEqual({
        'migration.$': '$.migration',
        'folder.$': '$.folder',
        'round.$': '$.verification.round',
        'shard.$': '$$.Map.Item.Value',
      });
    for (const step of [steps['Verify shard'], steps['Enqueue shard repairs']])
      expect(z.toJSONSchema(step.output)).toMatchObject({ type: 'string' });
  });

  it('no step gives a list but of shard names and of problems', () => {
    const lists = Object.entries(steps).flatMap(([name, { output }]) =>
      listsIn(z.toJSONSchema(output, { unrepresentable: 'any', io: 'input' })).map(
        (path) => `${name}${path}`,
      ),
    );
    expect(lists).toEqual([
      // The request's own lists, which the user wrote.
      'Validate.request.select.include',
      'Validate.request.select.exclude',
      'Validate.request.rules',
      'Plan verification.shards',
      'Judge.shards',
      'Clean up.problems',
    ]);
  });
});

describe('the history', () => {
  // Events of one run of a state. [src: sequences recorded from AWS in LocalStack's snapshot tests; facts of docs]
  const events = (state: State): number => {
    if (state.type !== 'Task') return state.type === 'Map' ? 4 : 2;
    return String(state.fields['Resource']).includes('.sync') ? 6 : 5;
  };
  const mostEvents = 25_000;
  const polls = Number(
    listOf(stateOf(drain, 'How does it go?').fields['Choices']).find(
      ({ Variable: path }) => path === '$.polls',
    )?.['NumericGreaterThanEquals'],
  );
  const loop = ['Read backlog', 'How does it go?', 'Wait a minute'].map((name) => stateOf(drain, name));
  const eventsPerPoll = loop.reduce((sum, state) => sum + events(state), 0);
  const secondsPerPoll = Number(stateOf(drain, 'Wait a minute').fields['Seconds']);

  it('of a drain child stays far below the limit, stalls and retries included', () => {
    expect(eventsPerPoll).toBe(9);
    expect(polls).toBe(900);
    const announced = events(stateOf(drain, 'Announce stall'));
    // Every single poll announces a stall and is tried a second time: three events more a retry.
    expect(2 + polls * (eventsPerPoll + announced + 3)).toBeLessThan(mostEvents);
  });

  it('of the parent stays far below it for a drain of 14 days after each of ten repair rounds', () => {
    const children = Math.ceil((14 * 86_400) / (polls * secondsPerPoll));
    expect(children).toBe(23);
    const perChild = events(stateOf(migrate, 'Drain')) + events(stateOf(migrate, 'Is everything drained?'));
    const around = [...migrate.states.values()].filter(({ insideMap }) => !insideMap);
    const perRound = children * perChild + around.reduce((sum, state) => sum + events(state), 0);
    expect(11 * perRound).toBeLessThan(mostEvents / 5);
  });

  it('is handed over in time: a child has time for its polls when each read takes long, and the parent gives it all of that', () => {
    const childSeconds = Number(drain.fields['TimeoutSeconds']);
    const readSeconds = Number(stateOf(drain, 'Read backlog').fields['TimeoutSeconds']);
    expect(childSeconds).toBeGreaterThan(polls * (secondsPerPoll + readSeconds / 2));
    expect(Number(stateOf(migrate, 'Drain').fields['TimeoutSeconds'])).toBeGreaterThan(childSeconds);
  });
});

/** Names of the states that can be entered from here on. */
function reachedFrom(definition: Definition, start: string): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const { fields } = stateOf(definition, name);
    const rules = [...listOf(fields['Catch']), ...listOf(fields['Choices'])];
    for (const next of [fields['Next'], fields['Default'], ...rules.map(({ Next }) => Next)])
      if (typeof next === 'string') open.push(next);
  }
  return reached;
}

/** Where a JSON schema allows a list. */
function listsIn(schema: unknown, path = ''): string[] {
  if (!isFields(schema)) return [];
  if (schema['type'] === 'array') return [path];
  const options = ['anyOf', 'oneOf', 'allOf'].flatMap((field) =>
    Array.isArray(schema[field]) ? schema[field] : [],
  );
  const inner = isFields(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [
    ...options.flatMap((option) => listsIn(option, path)),
    ...inner.flatMap(([name, value]) => listsIn(value, `${path}.${name}`)),
  ];
}
