import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { ObjectDetails, ObjectStore } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { type CopyEnding, endingOf, endingOfOpening, exception } from '../../core/transfer/copy-failure.ts';

/** What a copier needs of the source beside rclone: its tags, and which version is there now. */
export type SourceStore = Pick<ObjectStore, 'head' | 'tags'>;

/** Opens the source of a batch. */
export type SourceStoreOf = (batch: BatchMessage) => Promise<SourceStore>;

/** The ending of a key whose object is gone. */
export const goneEnding: CopyEnding = exception('source-missing', 'source: the object is not there any more');

/**
 * Whether the size and the second are those of the listing. Where then only the ETag differs, the store
 * writes it otherwise in a listing than elsewhere. HTTP dates have whole seconds.
 */
export function looksAsListed(
  now: Pick<ObjectDetails, 'sizeBytes' | 'modifiedAtMs'>,
  listed: Pick<BatchFile, 'sizeBytes' | 'modifiedAtMs'>,
): boolean {
  const second = (milliseconds: number) => Math.floor(milliseconds / 1000);
  return now.sizeBytes === listed.sizeBytes && second(now.modifiedAtMs) === second(listed.modifiedAtMs);
}

/** One question to the source; how the attempt ends instead when it cannot be answered. Never rejects. */
export async function askSource<Answer>(
  open: SourceStoreOf,
  batch: BatchMessage,
  question: (store: SourceStore) => Promise<Answer>,
): Promise<{ answer: Answer } | { ending: CopyEnding }> {
  let store: SourceStore;
  try {
    store = await open(batch);
  } catch (error) {
    return { ending: endingOfOpening(error) };
  }
  try {
    return { answer: await question(store) };
  } catch (error) {
    const gone = error instanceof StoreError && error.code === 'NoSuchKey';
    return { ending: gone ? goneEnding : endingOf(error, 'source') };
  }
}

/** The object's tags; a store that knows no tags has none to copy. */
export async function tagsOf(store: SourceStore, key: string): Promise<Record<string, string>> {
  try {
    return await store.tags(key);
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'unsupported') return {};
    throw error;
  }
}
