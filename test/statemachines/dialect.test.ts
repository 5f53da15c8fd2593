import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Fields, isFields, listOf, pathsIn, readDefinition } from '../support/definitions.ts';

/**
 * What aws-local-stepfunctions 3.0.0 does something about, by state type, from a reading of its build. A field
 * beyond these is ignored without a word: the local run would pass and the deployed one do something else.
 */
const everywhere = ['Type', 'Comment'];
const flow = ['InputPath', 'OutputPath', 'Next', 'End'];
const honoured: Readonly<Record<string, readonly string[]>> = {
  machine: ['Comment', 'StartAt', 'States', 'TimeoutSeconds'],
  Task: [
    ...flow,
    'Resource',
    'Parameters',
    'ResultSelector',
    'ResultPath',
    'TimeoutSeconds',
    'Retry',
    'Catch',
  ],
  Map: [
    ...flow,
    'ItemsPath',
    'ItemSelector',
    'ItemProcessor',
    'MaxConcurrency',
    'ResultSelector',
    'ResultPath',
    'Retry',
    'Catch',
  ],
  Pass: [...flow, 'Result', 'Parameters', 'ResultPath'],
  Wait: [...flow, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Choice: ['InputPath', 'OutputPath', 'Choices', 'Default'],
  Succeed: ['InputPath', 'OutputPath'],
  Fail: ['Error', 'Cause', 'ErrorPath', 'CausePath'],
  retrier: [
    'ErrorEquals',
    'IntervalSeconds',
    'MaxAttempts',
    'BackoffRate',
    'MaxDelaySeconds',
    'JitterStrategy',
  ],
  catcher: ['Comment', 'ErrorEquals', 'ResultPath', 'Next'],
  rule: [
    'Comment',
    'Variable',
    'Next',
    'StringEquals',
    'BooleanEquals',
    'NumericGreaterThanEquals',
    'IsPresent',
  ],
  items: ['ProcessorConfig', 'StartAt', 'States'],
};

/**
 * Ignored too, and harmless: they say how AWS runs the items of a map (its name in the console, child executions of
 * their own), not what becomes of the data. Here the items run in this process.
 */
const harmless: Readonly<Record<string, readonly string[]>> = {
  Map: ['Label'],
  config: ['Mode', 'ExecutionType'],
};

/** What of the context object there is here. */
const context = [
  '$$.Execution.Id',
  '$$.Execution.Name',
  '$$.Execution.Input',
  '$$.Execution.StartTime',
  '$$.Map.Item.Value',
  '$$.Map.Item.Index',
];

/** Intrinsic functions, whole: paths.test.ts shows that each gives here what it gives on AWS. */
const intrinsics = ["States.ArrayGetItem(States.StringSplit($$.Execution.Name, '@'), 0)"];

/** Names every field that the local interpreter would not honour; empty = the definition runs here as it does on AWS. */
function foreignTo(machine: Fields): string[] {
  const found: string[] = [];
  const check = (where: string, kind: string, fields: Fields): void => {
    const known = [...(honoured[kind] ?? []), ...(harmless[kind] ?? [])];
    for (const field of Object.keys(fields)) if (!known.includes(field)) found.push(`${where}: ${field}`);
  };
  const checkMachine = (where: string, kind: string, fields: Fields): void => {
    check(where, kind, fields);
    const { States: states } = fields;
    if (!isFields(states)) return void found.push(`${where}: no States`);
    for (const [name, state] of Object.entries(states)) {
      if (!isFields(state)) found.push(`${name}: no object`);
      else checkState(name, state);
    }
  };
  const checkState = (name: string, state: Fields): void => {
    const type = String(state['Type']);
    if (honoured[type] === undefined) return void found.push(`${name}: Type ${type}`);
    const { Type: _, Comment: __, ...own } = state;
    check(name, type, own);
    for (const retrier of listOf(state['Retry'])) check(`${name} Retry`, 'retrier', retrier);
    for (const catcher of listOf(state['Catch'])) check(`${name} Catch`, 'catcher', catcher);
    for (const rule of listOf(state['Choices'])) {
      check(`${name} Choices`, 'rule', rule);
      // The interpreter takes `IsPresent: false` for a rule that never holds.
      if ('IsPresent' in rule && rule['IsPresent'] !== true) found.push(`${name} Choices: IsPresent false`);
    }
    const items = state['ItemProcessor'];
    if (isFields(items)) {
      checkMachine(`${name} items`, 'items', items);
      if (isFields(items['ProcessorConfig'])) check(`${name} items`, 'config', items['ProcessorConfig']);
    }
    for (const path of pathsIn(state)) {
      if (path.startsWith('$$') && !context.includes(path)) found.push(`${name}: ${path}`);
      if (path.startsWith('States.') && !intrinsics.includes(path)) found.push(`${name}: ${path}`);
    }
  };
  checkMachine('machine', 'machine', machine);
  return found;
}

describe('the dialect of the definitions', () => {
  it.each(['migrate', 'drain'] as const)('%s uses only what the local interpreter honours', (name) => {
    expect(foreignTo(readDefinition(name).fields)).toEqual([]);
  });

  it('was read from the very version that is installed', () => {
    const manifest: unknown = JSON.parse(
      readFileSync(
        new URL('../../node_modules/aws-local-stepfunctions/package.json', import.meta.url),
        'utf8',
      ),
    );
    expect(manifest).toMatchObject({ version: '3.0.0' });
    const build = readFileSync(
      new URL('../../node_modules/aws-local-stepfunctions/build/main.node.esm.js', import.meta.url),
      'utf8',
    );
    const kinds = Object.entries(honoured).flatMap(([, fields]) => fields);
    const unread = kinds.filter(
      (field) => !everywhere.includes(field) && !new RegExp(`\\.${field}\\b|["']${field}["']`).test(build),
    );
    // A map's ProcessorConfig is harmless as a whole.
    expect([...new Set(unread)]).toEqual(['ProcessorConfig']);
  });

  const task = 'States.Task';
  it.each([
    ['a query language', 'QueryLanguage: JSONata', 'machine: QueryLanguage'],
    ['arguments', `${task}: { Arguments: {} }`, 'Task: Arguments'],
    ['an output', `${task}: { Output: {} }`, 'Task: Output'],
    ['variables', `${task}: { Assign: {} }`, 'Task: Assign'],
    ['a heartbeat', `${task}: { HeartbeatSeconds: 60 }`, 'Task: HeartbeatSeconds'],
    ['credentials', `${task}: { Credentials: {} }`, 'Task: Credentials'],
    ['a reader of items', 'States.Map: { ItemReader: {} }', 'Map: ItemReader'],
    ['a batcher of items', 'States.Map: { ItemBatcher: {} }', 'Map: ItemBatcher'],
    ['a writer of results', 'States.Map: { ResultWriter: {} }', 'Map: ResultWriter'],
    [
      'tolerated failures',
      'States.Map: { ToleratedFailurePercentage: 5 }',
      'Map: ToleratedFailurePercentage',
    ],
    ['a task token', `${task}: { Parameters: { Token.$: $$.Task.Token } }`, 'Task: $$.Task.Token'],
    [
      'an absence',
      'States.Choice: { Choices: [{ Variable: $.a, IsPresent: false, Next: Task }] }',
      'Choice Choices: IsPresent false',
    ],
    ['parallel branches', 'States.Task: { Type: Parallel }', 'Task: Type Parallel'],
    ['a filter of rules', 'States.Choice: { Choices: [{ And: [], Next: Task }] }', 'Choice Choices: And'],
  ])('would not let %s pass', (_, addition, problem) => {
    const [path = '', ...rest] = addition.split(': ');
    const value: unknown = parse(rest.join(': '));
    const machine = {
      StartAt: 'Task',
      States: {
        Task: { Type: 'Task', Resource: 'x', Next: 'Map' },
        Map: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'In', States: { In: { Type: 'Pass', End: true } } },
          Next: 'Choice',
        },
        Choice: { Type: 'Choice', Choices: [], Default: 'End' },
        End: { Type: 'Succeed' },
      },
    };
    expect(foreignTo(machine)).toEqual([]);
    const [, state] = path.split('.');
    const changed =
      state === undefined
        ? { ...machine, [path]: value }
        : {
            ...machine,
            States: Object.fromEntries(
              Object.entries(machine.States).map(([name, fields]) => [
                name,
                name === state && isFields(value) ? { ...fields, ...value } : fields,
              ]),
            ),
          };
    expect(foreignTo(changed)).toContain(problem);
  });
});
