const encoder = new TextEncoder();

/**
 * The partition of a key, from 0 to `count` - 1: FNV-1a of 32 bits over the key's UTF-8 bytes, modulo `count`. It is the same
 * in every process and every release; test vectors hold it. [src: RFC 9923, FNV-1a]
 */
export function partitionOf(key: string, count: number): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % count;
}

/** The message group of a partition: of one group, nobody but its holder is given a message. */
export function groupOf(partition: number): string {
  return `partition-${partition}`;
}
