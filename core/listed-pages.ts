import type { ObjectSummary } from './inventory/inventory-row.ts';

/** One page of a bucket's listing, in UTF-8 byte order. */
export type ListPage = {
  /**
   * Belong to whoever asked, who empties it when it is dealt with: the promises of a request are old when it is
   * answered, and would bring what they still name into old space. Emptying saves a fifth of the CPU of a listing of 64 ranges.
   */
  objects: ObjectSummary[];
  /** Whether the listing goes on after the last object of this page. */
  more: boolean;
  /** The store's own word for where the next page begins, of a store that pages by nothing else. Opaque. */
  next?: string;
  /** Nothing lies between the last object of this page and this position, inclusive, though more may follow behind it. */
  reaches?: string;
};

/** One page of one level of a bucket: what lies under a prefix as far as the next slash. */
export type LevelPage = {
  /** Objects under the prefix without a slash behind it, in UTF-8 byte order. */
  objects: ObjectSummary[];
  /** What the other keys begin with, up to and with the first slash behind the prefix, in UTF-8 byte order. */
  folders: string[];
  more: boolean;
  /** The store's own word for where the next page begins. Opaque. */
  next?: string;
};

/** How a store is paged; see `Capabilities` for what each is for. */
export type ListingWay = 'v2' | 'v1' | 'folders' | 'stream' | 'unordered';
