import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import type { ListPage, ObjectStore } from '../../core/ports.ts';
import { anObject } from './builders.ts';
import { keysInOrder } from './hard-keys.ts';

const bytesOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A bucket that can only be listed, page by page of a given size, and remembers what it was asked. */
export class ListedObjects implements Pick<ObjectStore, 'listPage'> {
  readonly objects: readonly ObjectSummary[];
  readonly asked: { prefix: string; startAfter: string | null }[] = [];
  readonly #pageSize: number;

  constructor(keys: Iterable<string>, pageSize: number) {
    this.objects = keysInOrder(keys).map((key) => anObject(key));
    this.#pageSize = pageSize;
  }

  /** The objects under the prefix, after one key and up to another. */
  between(prefix: string, after: string | null, upTo: string | null): ObjectSummary[] {
    return this.objects.filter(
      ({ key }) =>
        key.startsWith(prefix) &&
        (after === null || bytesOrder(key, after) > 0) &&
        (upTo === null || bytesOrder(key, upTo) <= 0),
    );
  }

  async listPage({ prefix, startAfter }: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> {
    this.asked.push({ prefix, startAfter });
    const left = this.between(prefix, startAfter, null);
    return { objects: left.slice(0, this.#pageSize), more: left.length > this.#pageSize };
  }
}
