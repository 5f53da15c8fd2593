/** Gives shards their numbers, so that in the end those from 0 on are taken without a gap, whoever was killed meanwhile. */
export type ShardNumbers = {
  /** A number for a shard that is begun; not on record before `settle`. */
  take(): number;
  /** The shard of this number is on record: the next checkpoint names it, or its file is there. */
  settle(number: number): void;
  /** The number that no shard had yet, and the lower ones that were taken and are not on record. */
  next(): number;
  unused(): number[];
};

/** Numbers as a checkpoint left them. */
export function openShardNumbers(next: number, unused: readonly number[]): ShardNumbers {
  let following = next;
  const free = [...unused];
  const taken = new Set<number>();
  return {
    take() {
      const number = free.shift() ?? following++;
      taken.add(number);
      return number;
    },
    settle: (number) => void taken.delete(number),
    next: () => following,
    unused: () => [...free, ...taken],
  };
}
