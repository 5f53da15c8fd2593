import { hash } from 'node:crypto';
import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { ObjectBody, ObjectDetails, ObjectStore } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { type CopyEnding, endingOf, exception } from '../../core/transfer/copy-failure.ts';
import { md5Of, propertiesFor } from '../../core/transfer/copy-properties.ts';

export type CopyStores = { source: ObjectStore; destination: ObjectStore };

/** What one attempt does with one object; `bytesRead` grows with what comes from the source. */
export type Attempt = CopyStores & {
  file: BatchFile;
  batch: BatchMessage;
  signal: AbortSignal;
  bytesRead: number;
};

/** `read`: the MD5 in hex of bytes that nothing confirmed, which were not written. */
export type Outcome = 'copied' | { read: string };

/** The ways to end early, told apart from faults of this program. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly ending: CopyEnding;
  constructor(ending: CopyEnding) {
    super(ending.result);
    this.ending = ending;
  }
}

/** The call; what it throws ends the attempt as a failure of that side. */
export async function at<T>(side: 'source' | 'destination', call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new Ended(endingOf(error, side));
  }
}

/** The ending of a key whose object is gone. */
export const gone = (): Ended =>
  new Ended(exception('source-missing', 'source: the object is not there any more'));

/**
 * Copies an object with one GET and one PUT, whose Content-MD5 the destination checks before it accepts the bytes. It is the
 * MD5 that the source's ETag tells, so that nothing has to be hashed here; where the ETag is none, or the destination
 * refused (see `before`, the MD5 of the reading before this one), it is that of the bytes. What arrives is the version that
 * the GET gave, which is the present one. Gives null, and has written nothing, when the object has become larger than
 * `mostBytes`. Throws `Ended`.
 */
export async function copyInMemory(
  attempt: Attempt,
  before: string | null,
  mostBytes: number,
): Promise<Outcome | null> {
  const { source, destination, file, batch, signal } = attempt;
  const opened = await at('source', () => source.get(file.key, { signal }));
  if (opened === null) throw gone();
  const { details, body } = opened;
  if (details.sizeBytes > mostBytes) {
    await letGo(body);
    return null;
  }
  const content = await at('source', () => (body.whole === undefined ? collect(body) : body.whole()));
  attempt.bytesRead += content.byteLength;
  const ofEtag = md5Of(details);
  const trusted = before === null && ofEtag !== null;
  const read = trusted ? ofEtag : hash('md5', content);
  if (ofEtag !== null && read !== ofEtag && read !== before) return { read };
  const tags = await tagsToCopy(attempt, details);
  const properties = { ...propertiesFor(details, tags, file, batch), contentMd5: base64(read) };
  try {
    await destination.put(file.to, content, content.byteLength, properties, signal);
  } catch (error) {
    const refused = error instanceof StoreError && digestCodes.has(error.code);
    if (trusted && refused) return { read: hash('md5', content) };
    throw new Ended(endingOf(error, 'destination'));
  }
  return 'copied';
}

/** A store's words for bytes of another MD5 than the header's. */
const digestCodes = new Set(['BadDigest', 'InvalidDigest']);

/** The tags of the source's object where they are wanted and may be there; a store that knows no tags has none. */
export async function tagsToCopy(
  { source, file, batch }: Attempt,
  { tagCount }: ObjectDetails,
): Promise<Record<string, string>> {
  if (batch.objectTags === 'ignore' || tagCount === 0) return {};
  return at('source', async () => {
    try {
      return await source.tags(file.key);
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'unsupported') return {};
      throw error;
    }
  });
}

export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

async function collect(body: ObjectBody): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Ends a body that nobody wants: leaving it after its first piece closes its connection. */
async function letGo(body: ObjectBody): Promise<void> {
  const pieces = body[Symbol.asyncIterator]();
  await pieces.next().catch(() => undefined);
  await pieces.return?.().catch(() => undefined);
}
