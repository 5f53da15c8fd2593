import { join } from 'node:path';
import { z } from 'zod';
import { ListingFailed, SourceDenied, SourceUnreachable } from '../../core/errors.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import { readBackendError } from './backend-errors.ts';
import { DirectoryQueue } from './directory-queue.ts';
import { Entry, folderProblem, summaryOf } from './listed-entry.ts';
import type { RcloneDaemon } from './rclone-daemon.ts';
import type { InlineRemote } from './rclone-remote.ts';

/** What a walk needs. */
export type Walk = {
  daemon: Pick<RcloneDaemon, 'call' | 'list'>;
  /** Holds secrets. */
  remote: InlineRemote;
  /** Only keys that begin so are given. */
  prefix: string;
  /** An existing folder of this machine, for the folders that wait. */
  scratchFolder: string;
  clock: Clock;
  log: Log;
  stop: AbortSignal;
  /** A text of rclone without secret values. */
  withoutSecrets(text: string): string;
  /** Folders that are listed at once; 16 unless told. */
  foldersAtOnce?: number;
  /** Tries for one folder; 6 unless told. */
  attempts?: number;
  /** Pause after the first failed try, doubling; 1,000 unless told. */
  firstPauseMs?: number;
};

const FsInfo = z.object({
  Hashes: z.array(z.string()).nullish(),
  Features: z.object({ SlowHash: z.boolean().optional() }).optional(),
});
const Stat = z.object({ item: z.unknown() });

/** The walk was told to stop; nothing is wrong. */
export class WalkStopped extends Error {
  override readonly name = 'WalkStopped';
}

/**
 * Lists a backend folder by folder, several at once, and hands every file to `add` as it comes: in no order, one call
 * at a time. Gives the requests it made. Memory: the entries that arrive just now, not the folders that wait.
 *
 * Nothing is left out in silence: a folder that cannot be listed ends the walk with `ListingFailed`, which names it;
 * the first folder with `SourceDenied` or `SourceUnreachable`. One that was deleted meanwhile is logged. A folder
 * whose name rclone cannot write is given as an object with a problem. Throws `WalkStopped` when told to stop.
 */
export async function walkBackend(
  walk: Walk,
  add: (objects: ObjectSummary[]) => Promise<void>,
): Promise<RequestsMade> {
  const { daemon, remote, prefix, scratchFolder, clock, log, foldersAtOnce = 16, attempts = 6 } = walk;
  const requests: RequestsMade = { ListFolder: 0 };
  const ended = new AbortController();
  const stop = AbortSignal.any([walk.stop, ended.signal]);
  const queue = await DirectoryQueue.open(join(scratchFolder, 'folders'));
  const opt = { recurse: false, noMimeType: true, ...(await hashing()) };
  let adding = Promise.resolve();
  let underWay = 0;
  let files = 0;
  let wake = Promise.withResolvers<void>();

  async function hashing(): Promise<Record<string, unknown>> {
    const answer = await daemon.call('operations/fsinfo', { fs: remote }, walk.stop);
    const info = answer.outcome === 'done' ? FsInfo.safeParse(answer.body).data : undefined;
    const md5 = info?.Hashes?.some((hash) => /^md5$/i.test(hash)) === true;
    return md5 && info?.Features?.SlowHash === false ? { showHash: true, hashTypes: ['md5'] } : {};
  }

  /** Whether keys of this folder may be wanted. */
  function leadsToPrefix(folder: string): boolean {
    const name = `${folder}/`;
    return name.startsWith(prefix) || prefix.startsWith(name);
  }

  async function take(found: unknown[]): Promise<void> {
    const objects: ObjectSummary[] = [];
    for (const value of found) {
      const entry = Entry.parse(value);
      const object = entry.IsDir ? folderProblem(entry) : summaryOf(entry);
      if (object === null) {
        if (leadsToPrefix(entry.Path)) await queue.push(entry.Path);
      } else if (object.key.startsWith(prefix)) objects.push(object);
    }
    files += objects.length;
    adding = adding.then(() => add(objects));
    await adding;
  }

  /** Lists one folder; a list of which a part was handed over already cannot be asked for again. */
  async function list(folder: string): Promise<void> {
    let pauseMs = walk.firstPauseMs ?? 1000;
    for (let attempt = 1; ; attempt++) {
      let begun = false;
      requests.ListFolder = (requests.ListFolder ?? 0) + 1;
      const answer = await daemon.list(
        'operations/list',
        { fs: remote, remote: folder, opt },
        (entries) => {
          begun = true;
          return take(entries);
        },
        stop,
      );
      if (answer.outcome === 'done') return;
      if (answer.outcome === 'aborted') throw new WalkStopped('the walk was told to stop');
      const said = answer.outcome === 'failed' ? answer.error : answer.reason;
      const { meaning } = read(said, folder);
      if (meaning === 'missing' && folder !== '' && (await isGone(folder))) {
        log('folder-gone', { folder });
        return;
      }
      const hopeless = meaning === 'denied' || meaning === 'credential' || meaning === 'missing' || begun;
      if (hopeless || attempt >= attempts || isNoBackend(said)) throw failure(folder, said, attempt);
      log('folder-refused', { folder, attempt, reason: walk.withoutSecrets(said) });
      await clock.sleep(pauseMs, stop);
      pauseMs = Math.min(pauseMs * 2, 60_000);
    }
  }

  const read = (said: string, folder: string) => readBackendError(said, [remote._root ?? '', folder]);

  async function isGone(folder: string): Promise<boolean> {
    const answer = await daemon.call('operations/stat', { fs: remote, remote: folder }, stop);
    return answer.outcome === 'done' && Stat.safeParse(answer.body).data?.item === null;
  }

  function failure(folder: string, said: string, tries: number): Error {
    const reason = walk.withoutSecrets(said);
    if (folder !== '')
      return new ListingFailed(
        `the folder ${JSON.stringify(folder)} of the source cannot be listed (${reason}, after ${tries} ${tries === 1 ? 'try' : 'tries'}). Make it readable, or leave it out by source.path or source.prefix, and start the migration again under the same id.`,
      );
    const { meaning } = read(said, folder);
    if (meaning === 'denied' || meaning === 'credential')
      return new SourceDenied(
        `the source refuses to be listed (${reason}). Mend the secret that source.secret names, or the rights of its user.`,
      );
    return new SourceUnreachable(
      `the source does not answer (${reason}). Look at source.backend, source.path, the options in its secret and the network.`,
    );
  }

  async function lister(): Promise<void> {
    while (!stop.aborted) {
      const folder = await queue.take();
      if (folder === null) {
        if (underWay === 0) return wake.resolve();
        await wake.promise;
        continue;
      }
      underWay += 1;
      await list(folder).finally(() => {
        underWay -= 1;
        // Whoever waits looks again: there may be folders now, or none is to come.
        wake.resolve();
        wake = Promise.withResolvers();
      });
    }
    throw new WalkStopped('the walk was told to stop');
  }

  try {
    await queue.push('');
    const listers = Array.from({ length: foldersAtOnce }, () => lister());
    for (const one of listers) one.catch(() => ended.abort());
    // The first that failed is why; the others only stopped.
    const results = await Promise.allSettled(listers);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const [reason] = [...reasons.filter((each) => !(each instanceof WalkStopped)), ...reasons];
    if (reason !== undefined) throw reason;
    log('source-walked', { folders: requests.ListFolder, files });
    return requests;
  } finally {
    await queue.close();
  }
}

function isNoBackend(said: string): boolean {
  return /didn't find backend|is a file not a directory|couldn't find root|failed to create|invalid/i.test(
    said,
  );
}
