import type { ObjectStore } from '../ports.ts';
import { type RequestsMade, requestsSince } from '../requests-made.ts';

/** What stores were asked since it was last reported. */
export type NewRequests = {
  /** Leaves out what a store was asked before it is opened here for the first time. */
  open(store: ObjectStore): void;
  /** What the store was asked since the last call. */
  take(store: ObjectStore): RequestsMade;
};

/** Objects share a store: each reports what was sent since the last report, and the sum is exact. */
export function openNewRequests(): NewRequests {
  const reported = new WeakMap<ObjectStore, RequestsMade>();
  return {
    open(store) {
      if (!reported.has(store)) reported.set(store, store.requestsMade());
    },
    take(store) {
      const made = store.requestsMade();
      const before = reported.get(store) ?? {};
      reported.set(store, made);
      return requestsSince(made, before);
    },
  };
}
