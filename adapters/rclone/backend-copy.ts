import { z } from 'zod';
import { isRcloneLocation, type RcloneLocation } from '../../core/batching/batch.ts';
import { addRequests } from '../../core/requests-made.ts';
import { arrivesByRclone } from '../../core/transfer/carrier.ts';
import { exception } from '../../core/transfer/copy-failure.ts';
import { type Attempt, type CallOutcome, type CopyfilePorts, copyfile } from './copyfile.ts';
import { nameOfKey } from './remote-names.ts';

const Stat = z.object({ item: z.object({ Size: z.number(), ModTime: z.string() }).nullable() });
type Item = z.infer<typeof Stat>['item'];

/** Versions that are copied one after the other while the source changes under the copy. */
const versionsAtMost = 3;

/**
 * Copies an object that only rclone can read. After each copy the source is looked at again: where it is not as it was
 * before, an old version or a mixture may have arrived, under a date that the next pass would believe, so that it is
 * copied once more at once. An object that is not as it was listed ends as `source-changed`, in its new version.
 */
export async function copyFromBackend(ports: CopyfilePorts, attempt: Attempt): Promise<CallOutcome> {
  const { file, batch } = attempt;
  if (!isRcloneLocation(batch.source)) throw new TypeError('the source of the batch is a bucket');
  if (!arrivesByRclone(file.to))
    return ended(
      exception(
        'unrepresentable',
        `rclone cannot write the destination key ${JSON.stringify(file.to)} byte for byte, and nothing else can read this source. Rename the file, or give it another name by a rule.`,
      ),
    );
  let expected: Seen = { sizeBytes: file.sizeBytes, second: second(file.modifiedAtMs) };
  for (let version = 1; version <= versionsAtMost; version++) {
    const { sizeBytes } = expected;
    const outcome = await copyfile(ports, attempt, { reading: 'stream', etag: null, sizeBytes, md5: true });
    if (outcome.ending.result !== 'copied') return outcome;
    const now = await changedFrom(expected, ports, attempt, batch.source);
    if (now !== null) expected = now;
    else if (version === 1) return outcome;
    else
      return ended(
        exception(
          'source-changed',
          `overwritten at the source after it was listed (${file.sizeBytes} bytes then, ${sizeBytes} now); the new version was copied`,
        ),
      );
  }
  return ended({ result: 'retry', side: 'source', reason: 'source: it is overwritten while it is copied' });
}

type Seen = { sizeBytes: number; second: number };

/**
 * What the source shows now, where that is something else; null = as expected, or nobody can tell: what is gone now was
 * there when it was read.
 */
async function changedFrom(
  expected: Seen,
  ports: CopyfilePorts,
  attempt: Attempt,
  source: RcloneLocation,
): Promise<Seen | null> {
  const now = await look(ports, attempt, source);
  if (now === null || now.Size < 0) return null;
  const seen = { sizeBytes: now.Size, second: second(Date.parse(now.ModTime)) };
  if (seen.sizeBytes !== expected.sizeBytes) return seen;
  if (seen.second === expected.second) return null;
  // Some backends know no time and tell the one of the question.
  const again = await look(ports, attempt, source);
  return again?.ModTime === now.ModTime ? seen : null;
}

async function look(
  { daemon, connections }: CopyfilePorts,
  { file, signal, requests }: Attempt,
  source: RcloneLocation,
): Promise<Item> {
  addRequests(requests.source, { StatFile: 1 });
  const fs = await connections.remoteOf(source);
  const question = { fs, remote: nameOfKey(file.key), opt: { noMimeType: true } };
  const answer = await daemon.call('operations/stat', question, signal);
  return answer.outcome === 'done' ? (Stat.safeParse(answer.body).data?.item ?? null) : null;
}

const second = (milliseconds: number): number => Math.floor(milliseconds / 1000);

function ended(ending: CallOutcome['ending']): CallOutcome {
  return { ending, sizeBytes: 0, error: null };
}
