/** The smallest byte string above `key`: where a listing goes on after it. */
export function justAfter(key: string | Uint8Array): Uint8Array {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  const bound = Buffer.alloc(bytes.length + 1);
  bound.set(bytes);
  return bound;
}

/** The smallest byte string above every key that starts with `prefix`; undefined when nothing is (empty prefix). */
export function pastPrefix(prefix: string): Uint8Array | undefined {
  const bytes = Buffer.from(prefix);
  const last = bytes.at(-1);
  if (last === undefined) return undefined;
  // UTF-8 never contains 0xff, so the last byte can always be raised by one.
  bytes[bytes.length - 1] = last + 1;
  return bytes;
}

/** The later of two bounds. */
export function laterBound(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) >= 0 ? one : other;
}
