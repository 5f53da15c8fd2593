import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { Copier } from '../../core/ports.ts';
import type { CopyResult } from '../../core/transfer/copy-result.ts';

/** The result of one copy with the requests it made. */
export function aResult(
  result: CopyResult['result'],
  file: Pick<BatchFile, 'sizeBytes'>,
  changes: { side?: 'source' | 'destination' | 'unknown'; reason?: string } = {},
): CopyResult {
  const { side = 'source', reason = `it was ${result}` } = changes;
  const copied = {
    carrier: 'rclone' as const,
    requests: { source: { GetObject: 1 }, destination: { PutObject: 1 } },
    sizeBytes: result === 'copied' ? file.sizeBytes : 0,
  };
  if (result === 'copied') return { ...copied, result };
  if (result === 'exception') return { ...copied, result, kind: 'source-denied', reason };
  return { ...copied, result, side, reason };
}

/** What a copier is to do with a key at its nth copy, counted from 1; a promise lets it take its time. */
export type Script = (
  key: string,
  nth: number,
  signal: AbortSignal,
) => CopyResult['result'] | Promise<CopyResult['result']>;

/** A copier that does what it is told and remembers what it was asked. */
export class ScriptedCopier implements Copier {
  readonly copies: { key: string; attempt: number }[] = [];
  inFlight = 0;
  mostInFlight = 0;
  readonly #script: Script;

  constructor(script: Script = () => 'copied') {
    this.#script = script;
  }

  async copy(file: BatchFile, batch: BatchMessage, signal: AbortSignal): Promise<CopyResult> {
    this.copies.push({ key: file.key, attempt: batch.attempt });
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      const nth = this.copies.filter(({ key }) => key === file.key).length;
      return aResult(await this.#script(file.key, nth, signal), file);
    } finally {
      this.inFlight -= 1;
    }
  }
}
