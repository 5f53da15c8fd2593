import type { StackActivity } from './stack-activity.ts';

/**
 * Why a stack should not be removed now, a sentence for each reason; none means that it rests. What the stack
 * does not have, because its deployment broke off, is not asked.
 */
export async function whyNotRemove(
  resources: ReadonlyMap<string, string>,
  activity: StackActivity,
): Promise<string[]> {
  const of = async (logicalId: string, look: (id: string) => Promise<string | null>): Promise<string[]> => {
    const id = resources.get(logicalId);
    // One that could never be created has an empty id.
    const reason = id === undefined || id === '' ? null : await look(id);
    return reason === null ? [] : [reason];
  };
  const messagesOf = (queue: string) => async (url: string) => {
    const messages = await activity.messages(url);
    return messages === 0 ? null : `${queue} holds ${counted(messages, 'message', 'messages')}`;
  };
  const reasons = await Promise.all([
    of('MigrateStateMachine', async (arn) => {
      const running = await activity.executions(arn);
      if (running.length === 0) return null;
      const more = running.length > 3 ? ` and ${running.length - 3} more` : '';
      return `${counted(running.length, 'migration runs', 'migrations run')}: ${running.slice(0, 3).join(', ')}${more}`;
    }),
    of('ListerCluster', async (cluster) => {
      const tasks = await activity.tasks(cluster);
      return tasks === 0 ? null : counted(tasks, 'lister task lives', 'lister tasks live');
    }),
    of('WorkerGroup', async (group) => {
      const instances = await activity.instances(group);
      return instances === 0 ? null : counted(instances, 'worker instance serves', 'worker instances serve');
    }),
    of('WorkQueue', messagesOf('the queue')),
    of('FifoWorkQueue', messagesOf('the FIFO queue')),
  ]);
  return reasons.flat();
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
