import { VersionConflict } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';

/** What the thread is asked: a write, by the number under which it is answered. */
export type WriteAsked = {
  number: number;
  path: string;
  /** Lines are encoded in the thread; their bytes are in memory that both threads see. */
  content: { bytes: Uint8Array } | { lines: Uint8Array };
  options?: { replaces?: string | null };
};

/** What it answers: the version that is there now, or what the store threw. */
export type WriteAnswered = { number: number } & ({ version: string } | { failure: Failure });

/** An error as a thread can send it: classes do not go from one thread to another. */
export type Failure = {
  name: string;
  message: string;
  store?: Pick<StoreError, 'kind' | 'code' | 'status' | 'region'>;
};

/** What is sent of an error. */
export function failureOf(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof StoreError)) return { name, message };
  const { kind, code, status, region } = error;
  return { name, message, store: { kind, code, status, region } };
}

/** The error of what was sent, of the class that the callers of a job store know. */
export function errorOf({ name, message, store }: Failure): Error {
  if (store !== undefined) return new StoreError(store.kind, message, store);
  if (name === 'VersionConflict') return new VersionConflict(message);
  return Object.assign(new Error(message), { name });
}
