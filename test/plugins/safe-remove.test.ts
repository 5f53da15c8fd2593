import { beforeEach, describe, expect, it } from 'vitest';
import SafeRemove, { type RemoveOptions } from '../../plugins/safe-remove/plugin.ts';

const whole = new Map([
  ['MigrateStateMachine', 'arn:machine'],
  ['ListerCluster', 'cluster'],
  ['WorkerGroup', 'group'],
  ['WorkQueue', 'https://queue'],
  ['FifoWorkQueue', 'https://queue.fifo'],
  ['JobStoreBucket', 'jobs'],
]);

let resources: Map<string, string> | null;
let active: { executions: string[]; tasks: number; instances: number; messages: number; fifo: number };
let done: string[];
let said: string[];
beforeEach(() => {
  resources = new Map(whole);
  active = { executions: [], tasks: 0, instances: 0, messages: 0, fifo: 0 };
  [done, said] = [[], []];
});

/** Runs `sls remove`, as osls does: the plugin, the removal, the plugin. */
async function remove(options: RemoveOptions = {}): Promise<void> {
  const of = <Value>(id: string, wanted: string, value: Value) => {
    expect(id).toBe(wanted);
    return Promise.resolve(value);
  };
  const plugin = new SafeRemove(
    {
      serviceDir: '/nowhere',
      service: { service: 'drover', provider: { compiledCloudFormationTemplate: {} } },
      processedInput: { commands: ['remove'] },
      classes: { Error },
      getProvider: () => ({
        getStage: () => 'dev',
        getAwsSdkV3Config: async () => ({}),
        naming: { getStackName: () => 'drover-dev', getCompiledTemplateFileName: () => 'template.json' },
      }),
    },
    options,
    { log: { notice: (text) => said.push(text), warning: (text) => said.push(`warning: ${text}`) } },
    {
      activity: {
        resources: async () => resources,
        executions: (arn) => of(arn, 'arn:machine', active.executions),
        tasks: (cluster) => of(cluster, 'cluster', active.tasks),
        instances: (group) => of(group, 'group', active.instances),
        messages: (url) =>
          url.endsWith('.fifo')
            ? of(url, 'https://queue.fifo', active.fifo)
            : of(url, 'https://queue', active.messages),
      },
      leftovers: {
        emptyBucket: async (bucket) => done.push(`empty ${bucket}`),
        deleteBucket: async (bucket) => void done.push(`delete ${bucket}`),
        deleteStack: async (stack) => done.push(`delete stack ${stack}`) > 0,
      },
    },
  );
  await plugin.hooks['before:remove:remove']?.();
  done.push('remove');
  await plugin.hooks['after:remove:remove']?.();
}

describe('sls remove', () => {
  it.each([
    ['a migration runs', { executions: ['media'] }, /1 migration runs: media/],
    ['many do', { executions: ['a', 'b', 'c', 'd', 'e'] }, /5 migrations run: a, b, c and 2 more/],
    ['a lister lives', { tasks: 1 }, /1 lister task lives/],
    ['an instance serves', { instances: 2 }, /2 worker instances serve/],
    ['the queue is not empty', { messages: 7 }, /the queue holds 7 messages/],
    ['the FIFO queue is not empty', { fifo: 3 }, /the FIFO queue holds 3 messages/],
  ])('refuses while %s, and touches nothing', async (_, activity, reason) => {
    active = { ...active, ...activity };
    await expect(remove()).rejects.toThrow(reason);
    await expect(remove()).rejects.toThrow(/drover-dev is not removed: .*--force removes it all the same/);
    await expect(remove({ 'delete-reports': true })).rejects.toThrow(reason);
    expect(done).toEqual([]);
  });

  it('names every reason at once', async () => {
    active = { executions: ['media'], tasks: 1, instances: 1, messages: 1, fifo: 0 };
    await expect(remove()).rejects.toThrow(
      /1 migration runs: media; 1 lister task lives; 1 worker instance serves; the queue holds 1 message\./,
    );
  });

  it('goes on by force, and says what it cuts off', async () => {
    active.messages = 7;
    await remove({ force: true });
    expect(done).toContain('remove');
    expect(said[0]).toMatch(/^warning: .*by force although the queue holds 7 messages/);
  });

  it('leaves the job store with its reports, and says where; the image repositories go', async () => {
    await remove();
    expect(done).toEqual(['remove', 'delete stack drover-dev-images']);
    expect(said.at(-1)).toMatch(/The job store stays, with the reports in it: s3:\/\/jobs/);
  });

  it('told to delete the reports, empties the job store and deletes it behind the stack', async () => {
    await remove({ 'delete-reports': true });
    expect(done).toEqual([
      'empty jobs',
      'remove',
      'delete stack drover-dev-images',
      'empty jobs',
      'delete jobs',
    ]);
  });

  it('does not ask about what a deployment that broke off never made', async () => {
    resources = new Map([
      ['JobStoreBucket', ''],
      ['WorkQueue', ''],
      ['FifoWorkQueue', ''],
    ]);
    await remove();
    expect(done[0]).toBe('remove');
  });

  it('has nothing to say of a stack that is not there', async () => {
    resources = null;
    await remove({ 'delete-reports': true });
    expect(done).toEqual(['remove', 'delete stack drover-dev-images']);
  });
});
