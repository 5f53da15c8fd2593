/** How many files a worker may have in flight, learnt from what the stores say. */
export type Concurrency = {
  files: number;
  /** Copies that ended well since `files` changed; below zero while those end that were in flight at a halving. */
  endedSince: number;
};

/**
 * Additive increase, multiplicative decrease: a throttled copy halves the files in flight, and every `files`
 * copies that succeed add one, up to the most. As many copies as were in flight at a halving, however they end,
 * neither halve again nor count as success: a burst of refusals counts once, and refusals that do not end go on
 * halving. A fleet of workers that all do so settles at what the source bears. [src: Chiu & Jain 1989, AIMD]
 */
export function adaptConcurrency(now: Concurrency, seen: 'copied' | 'throttled', most: number): Concurrency {
  const { files } = now;
  if (now.endedSince < 0) return { files, endedSince: now.endedSince + 1 };
  if (seen === 'throttled') return { files: Math.max(1, Math.floor(files / 2)), endedSince: -files };
  const endedSince = now.endedSince + 1;
  return endedSince < files ? { files, endedSince } : { files: Math.min(most, files + 1), endedSince: 0 };
}
