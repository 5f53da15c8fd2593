import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkQueue } from '../../core/ports.ts';
import { destinationKeys, sourceKeys, type TwoBuckets } from '../support/two-buckets.ts';
import { type OurProcess, ourProcesses } from './our-processes.ts';
import type { Blow, Side } from './script.ts';
import { adminKeys, type Truth } from './truth.ts';

/** What a round's blows fall on. */
export type Target = {
  folder: string;
  buckets: TwoBuckets;
  truth: Truth;
  /** The queue of the run under way; null between two runs. */
  queue(): WorkQueue | null;
  interrupt(how: 'stop' | 'halt'): void;
  note(what: string): void;
};

export type Striker = {
  /** Does it. What ends by itself later is in `healed`. */
  strike(blow: Blow): Promise<void>;
  /** Resolves when everything that was to end by itself has ended. */
  healed(): Promise<void>;
};

const admin = { [adminKeys.accessKeyId]: adminKeys.secretAccessKey };

/** Opens the hand that strikes; it keeps both sides' credentials and whatever has to heal. */
export async function openStriker(target: Target): Promise<Striker> {
  const { folder, buckets, truth, note } = target;
  const keys = { source: { ...sourceKeys }, destination: { ...destinationKeys } };
  const healing = new Set<Promise<void>>();
  let rotations = 0;

  function admit(side: Side, isIn = true): void {
    const { accessKey, secretKey } = keys[side];
    buckets[side].credentials = isIn ? { ...admin, [accessKey]: secretKey } : admin;
  }

  /** In one step, as a secrets manager changes a value: nobody reads half a file. */
  async function writeSecrets(): Promise<void> {
    const values = {
      '/migration/source_access_key': keys.source.accessKey,
      '/migration/source_secret_key': keys.source.secretKey,
      '/migration/source_endpoint': buckets.source.endpoint,
      '/to/access': keys.destination.accessKey,
      '/to/secret': keys.destination.secretKey,
    };
    await writeFile(`${buckets.secretsFile}.new`, JSON.stringify(values), { mode: 0o600 });
    await rename(`${buckets.secretsFile}.new`, buckets.secretsFile);
  }

  function later(ms: number, heal: () => void | Promise<void>): void {
    const done = sleep(ms)
      .then(heal)
      .finally(() => healing.delete(done));
    healing.add(done);
  }

  /** Sends a signal to a process of ours, the youngest of its kind, if there is one. */
  function signal(what: OurProcess['what'], name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP'): number | null {
    const pid = ourProcesses(folder).findLast((process) => process.what === what)?.pid;
    note(pid === undefined ? `no ${what} runs` : `${name} to ${what} ${pid}`);
    return pid !== undefined && send(pid, name) ? pid : null;
  }

  async function deliverTwice(messages: number): Promise<void> {
    const queue = target.queue();
    if (queue === null) return;
    const taken = await queue.receive({ max: messages, waitSeconds: 0, leaseSeconds: 30 });
    note(`${taken.length} messages delivered twice`);
    // The copies go first: at no instant does the queue look emptier than it is.
    await queue.send(taken.map(({ body }) => ({ body })));
    await queue.release(taken.map(({ receipt }) => receipt));
  }

  async function strike(blow: Blow): Promise<void> {
    const { source, destination } = buckets;
    switch (blow.blow) {
      case 'kill':
        signal(blow.what, 'SIGKILL');
        return;
      case 'stop':
        signal(blow.what, 'SIGTERM');
        return;
      case 'freeze': {
        const pid = signal(blow.what, 'SIGSTOP');
        if (pid !== null && blow.forMs !== null) later(blow.forMs, () => void send(pid, 'SIGCONT'));
        return;
      }
      case 'errors': {
        const { status, probability } = blow;
        buckets[blow.side].faults.errorRate = [{ operation: '*', status, probability }];
        return later(blow.forMs, () => {
          buckets[blow.side].faults.errorRate = [];
        });
      }
      case 'drop':
        source.faults.dropConnection = blow.probability;
        return later(blow.forMs, () => {
          source.faults.dropConnection = 0;
        });
      case 'truncate':
        source.faults.truncateBody = blow.probability;
        return later(blow.forMs, () => {
          source.faults.truncateBody = 0;
        });
      case 'hang':
        buckets[blow.side].faults.hang = blow.probability;
        return later(blow.forMs, () => {
          buckets[blow.side].faults.hang = 0;
          buckets[blow.side].disconnect();
        });
      case 'disconnect':
        (blow.side === 'source' ? source : destination).disconnect();
        return;
      case 'deliver-twice':
        await deliverTwice(blow.messages);
        return;
      case 'rotate': {
        rotations += 1;
        const { accessKey, secretKey } = keys[blow.side];
        keys[blow.side] = { accessKey: `${accessKey}R`, secretKey: `${secretKey}-${rotations}` };
        admit(blow.side);
        await writeSecrets();
        return;
      }
      case 'revoke':
        admit(blow.side, false);
        return later(blow.forMs, () => admit(blow.side));
      case 'overwrite':
        await truth.overwrite(blow.key);
        return;
      case 'delete':
        await truth.delete(blow.key);
        return;
      case 'interrupt':
        target.interrupt(blow.how);
    }
  }

  admit('source');
  admit('destination');
  await writeSecrets();
  return {
    strike,
    async healed() {
      while (healing.size > 0) await Promise.all(healing);
    },
  };
}

/** False when the process is gone. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
