import type { ObjectStore } from '../../core/ports.ts';
import { type DemoObject, demoBytes } from './demo-objects.ts';

/** Objects that are being written at once. */
const atOnce = 24;

/** Writes the demonstration's objects to the source, and those that are to be there already to the destination. */
export async function fillBuckets(
  objects: readonly DemoObject[],
  source: ObjectStore,
  destination: ObjectStore,
): Promise<void> {
  const queue = objects[Symbol.iterator]();
  const write = async (): Promise<void> => {
    for (const object of queue) {
      const { key, sizeBytes, there, metadata = {}, tags = {}, ...headers } = object;
      const properties = { ...headers, metadata, tags };
      await source.put(key, demoBytes(key, sizeBytes), sizeBytes, properties);
      if (there !== undefined)
        await destination.put(
          key,
          demoBytes(key, sizeBytes, there === 'same' ? '' : 'old'),
          sizeBytes,
          properties,
        );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, write));
}
