import { z } from 'zod';
import { isRcloneLocation, type RcloneLocation } from '../../core/batching/batch.ts';
import { addRequests } from '../../core/requests-made.ts';
import { arrivesByRclone } from '../../core/transfer/carrier.ts';
import { exception } from '../aws/copy-failure.ts';
import { type Attempt, type CallOutcome, type CopyfilePorts, copyfile } from './copyfile.ts';
import { nameOfKey } from './remote-names.ts';

const Stat = z.object({ item: z.object({ Size: z.number(), ModTime: z.string() }).nullable() });
type Item = z.infer<typeof Stat>['item'];

/**
 * Copies an object that only rclone can read. After the copy the source is looked at again: what is not as it was
 * listed may have arrived in another version, or mixed from two, and is named `source-changed`.
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
  const { sizeBytes } = file;
  const outcome = await copyfile(ports, attempt, { reading: 'stream', etag: null, sizeBytes, md5: true });
  if (outcome.ending.result !== 'copied') return outcome;
  const now = await look(ports, attempt, batch.source);
  // What cannot be looked at now, or is gone now, was there when it was read.
  if (now === null) return outcome;
  const listedSecond = second(file.modifiedAtMs);
  if (now.Size < 0 || (now.Size === sizeBytes && second(Date.parse(now.ModTime)) === listedSecond))
    return outcome;
  if (now.Size === sizeBytes) {
    // Some backends know no time and tell the one of the question.
    const again = await look(ports, attempt, batch.source);
    if (again === null || again.ModTime !== now.ModTime) return outcome;
  }
  return ended(
    exception(
      'source-changed',
      `overwritten at the source after it was listed (${sizeBytes} bytes then, ${now.Size} now); run the migration again to copy the version that is there`,
    ),
  );
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
