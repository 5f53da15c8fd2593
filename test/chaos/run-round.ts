import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkQueue } from '../../core/ports.ts';
import { ExecutionStopped } from '../../local/interpret.ts';
import type { LocalResult } from '../../local/local-run.ts';
import type { ProgressSnapshot } from '../../local/progress/snapshot.ts';
import { type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';
import { judgeRound } from './judge-round.ts';
import { ourProcesses } from './our-processes.ts';
import type { Moment, Script } from './script.ts';
import { openStriker, type Striker, send } from './strike.ts';
import { Truth } from './truth.ts';

/** How a round went: what happened, second by second, and what was wrong; nothing: the promises held. */
export type RoundResult = { script: Script; seconds: number; happened: string[]; wrong: string[] };

/** A round that takes longer has hung: the longest that heals is a frozen rclone and a state's pauses between its tries. */
const boundSeconds = 120;
/** A moment that waits for progress comes when there has been none for so long. */
const patienceMs = 4_000;
const lookMs = 25;

/**
 * Plays a round in a folder of its own: a whole migration with real processes under the blows of the script, and a
 * judgement against what is known of every byte. The folder is kept when something was wrong.
 */
export async function runRound(script: Script, folder: string): Promise<RoundResult> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'script.json'), JSON.stringify(script, null, 1));
  // Whatever the round makes anywhere is in its folder, and its processes are known by that.
  process.env['TMPDIR'] = folder;
  process.env['RCLONE_HEALTH_SECONDS'] = '0.7';
  const startedAtMs = Date.now();
  const happened: string[] = [];
  const note = (what: string): void =>
    void happened.push(`${((Date.now() - startedAtMs) / 1000).toFixed(2)} ${what}`);
  const buckets = await twoBuckets();
  const truth = new Truth(buckets.source.endpoint, 'from-here');
  const wrong: string[] = [];
  try {
    buckets.source.credentials = undefined;
    await truth.fill(script.objects);
    const result = await migrateUnderBlows(script, folder, buckets, truth, note);
    if (result === 'too slow') wrong.push(`not finished within ${boundSeconds} s`);
    else wrong.push(...(await judgeRound(result, buckets, truth)));
  } catch (error) {
    wrong.push(`the round broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  for (const { pid, what } of ourProcesses(folder)) {
    wrong.push(`${what} ${pid} is left`);
    send(pid, 'SIGKILL');
  }
  const seconds = (Date.now() - startedAtMs) / 1000;
  truth.close();
  if (wrong.length === 0) {
    await buckets.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  } else {
    await Promise.all([buckets.source.stop(), buckets.destination.stop()]);
    await writeFile(join(folder, 'result.json'), JSON.stringify({ happened, wrong }, null, 1));
  }
  return { script, seconds, happened, wrong };
}

async function migrateUnderBlows(
  script: Script,
  folder: string,
  buckets: TwoBuckets,
  truth: Truth,
  note: (what: string) => void,
): Promise<LocalResult | 'too slow'> {
  const { source, destination, request } = buckets;
  source.faults.seed = script.seed + script.round;
  source.faults.latencyMs = { list: 150, read: script.latencyMs, write: 0 };
  Object.assign(request, { batch: { maxObjects: script.batchObjects } });
  if (script.partitions !== null)
    Object.assign(request, { partition: { strategy: 'hash', count: script.partitions } });
  let progress: ProgressSnapshot | null = null;
  let queue: WorkQueue | null = null;
  let stop = new AbortController();
  let halt = new AbortController();
  const striker = await openStriker({
    folder,
    buckets,
    truth,
    note,
    queue: () => queue,
    interrupt(how) {
      stop.abort();
      if (how === 'halt') halt.abort();
    },
  });
  const over = new AbortController();
  const blows = playEvents(script, striker, {
    folder,
    over: over.signal,
    note,
    copied: () => progress?.copied.objects ?? 0,
  });
  const late = sleep(boundSeconds * 1000, 'too slow' as const, { signal: over.signal }).catch(
    () => 'too slow' as const,
  );
  const migrate = async (): Promise<LocalResult | 'too slow'> => {
    for (;;) {
      stop = new AbortController();
      halt = new AbortController();
      const run = buckets.migrate({
        workers: script.workers,
        stop: stop.signal,
        halt: halt.signal,
        pace: { filesInFlight: 4, leaseSeconds: 3, drainSeconds: 2 },
        during(snapshot, controls) {
          progress = snapshot;
          queue = controls.queue;
        },
      });
      try {
        return await run;
      } catch (error) {
        if (!(error instanceof ExecutionStopped) || over.signal.aborted) throw error;
        queue = null;
        note('interrupted; it is run again when all is well');
        await striker.healed();
      }
    }
  };
  const running = migrate();
  const result = await Promise.race([running, late]);
  note(result === 'too slow' ? 'too slow' : `ended ${result.report?.status}`);
  over.abort();
  if (result === 'too slow') {
    stop.abort();
    halt.abort();
    await running.catch(() => undefined);
  }
  await blows;
  await striker.healed();
  for (const server of [source, destination]) server.credentials = undefined;
  return result;
}

/** Strikes each blow at its moment, until the round is over. */
async function playEvents(
  script: Script,
  striker: Striker,
  seen: { folder: string; over: AbortSignal; note(what: string): void; copied(): number },
): Promise<void> {
  const { folder, over, note, copied } = seen;
  const pause = (ms: number) => sleep(ms, undefined, { signal: over }).catch(() => undefined);
  const listerSeen = (async () => {
    while (!over.aborted && !ourProcesses(folder).some(({ what }) => what === 'lister')) await pause(lookMs);
  })();

  async function until({ after, share, ms }: Moment): Promise<void> {
    await listerSeen;
    const enough = after === 'lister' ? 0 : Math.floor(share * script.objects.length);
    let before = copied();
    for (let stillMs = 0; !over.aborted && copied() < enough && stillMs < patienceMs; stillMs += lookMs) {
      await pause(lookMs);
      if (copied() !== before) stillMs = 0;
      before = copied();
    }
    await pause(ms);
  }

  await Promise.all(
    script.events.map(async ({ when, blow }) => {
      await until(when);
      if (over.aborted) return;
      note(JSON.stringify(blow));
      await striker.strike(blow).catch((error: unknown) => note(`in vain: ${String(error)}`));
    }),
  );
}
