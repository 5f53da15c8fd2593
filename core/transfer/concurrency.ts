/** How many files a worker may have in flight, learnt from what the stores say. */
export type Concurrency = { files: number; copiedSince: number };

/**
 * Additive increase, multiplicative decrease: a throttled copy halves the files in flight (one halving per
 * window of copies, so that a burst of refusals counts once), and every `files` copies that succeed add one, up to
 * the most. A fleet of workers that all do so settles at what the source bears. [src: Chiu & Jain 1989, AIMD]
 */
export function adaptConcurrency(now: Concurrency, seen: 'copied' | 'throttled', most: number): Concurrency {
  if (seen === 'throttled') {
    if (now.copiedSince < 0) return now;
    return {
      files: Math.max(1, Math.floor(now.files / 2)),
      copiedSince: -Math.max(1, Math.floor(now.files / 2)),
    };
  }
  const copiedSince = now.copiedSince + 1;
  if (copiedSince < now.files) return { files: now.files, copiedSince };
  return { files: Math.min(most, now.files + 1), copiedSince: 0 };
}
