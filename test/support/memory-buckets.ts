import { ManualClock } from '../../adapters/memory/clock.ts';
import { MemoryObjectStore } from '../../adapters/memory/object-store.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import type { ObjectProperties, ObjectStore } from '../../core/ports.ts';
import { allOf } from './all-of.ts';

/** Objects by key: their text. */
export type Texts = Readonly<Record<string, string>>;

/** A bucket in memory that holds these texts, written at one instant. */
export async function bucketOf(texts: Texts = {}, writtenAtMs = 0): Promise<MemoryObjectStore> {
  const bucket = new MemoryObjectStore(new ManualClock(writtenAtMs));
  for (const [key, text] of Object.entries(texts)) await putText(bucket, key, text);
  return bucket;
}

/** Writes one text. */
export async function putText(
  bucket: ObjectStore,
  key: string,
  text: string,
  properties: ObjectProperties = {},
): Promise<void> {
  const bytes = Buffer.from(text);
  await bucket.put(key, bytes, bytes.byteLength, properties);
}

/** A port whose listing gives pages of this size, so that a few objects need many. */
export function inPagesOf(pageSize: number, store: ObjectStore): ObjectStore {
  const smaller = (query: Parameters<ObjectStore['listPage']>[0]) => ({
    ...query,
    maxKeys: Math.min(pageSize, query.maxKeys ?? pageSize),
  });
  const readPage = store.readPage?.bind(store);
  return replacing<ObjectStore>(store, {
    listPage: (query) => store.listPage(smaller(query)),
    ...(readPage === undefined ? {} : { readPage: (query, use) => readPage(smaller(query), use) }),
  });
}

/** The same port with some of its methods replaced. */
export function replacing<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Everything a bucket lists. */
export async function listed(store: ObjectStore, prefix = ''): Promise<ObjectSummary[]> {
  async function* pages(): AsyncGenerator<ObjectSummary[]> {
    for (let startAfter: string | null = null, more = true; more; ) {
      const page = await store.listPage({ prefix, startAfter });
      yield page.objects;
      more = page.more;
      startAfter = page.objects.at(-1)?.key ?? null;
    }
  }
  return (await allOf(pages())).flat();
}

/** The texts that a bucket holds. */
export async function textsOf(store: ObjectStore): Promise<Texts> {
  const texts: Record<string, string> = {};
  for (const { key } of await listed(store)) {
    const object = await store.get(key);
    texts[key] = object === null ? '' : Buffer.concat(await allOf(object.body)).toString();
  }
  return texts;
}
