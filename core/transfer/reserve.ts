/** How many files are kept waiting so that the pipe does not run dry while the queue is asked for more. */
export type Reserve = { readonly least: number; files: number };

/** More would keep other workers idle at the end of the queue. */
const mostOfLeast = 8;

/** The reserve at first, and at least: as many as may be in flight. */
export function openReserve(filesInFlight: number): Reserve {
  return { least: filesInFlight, files: filesInFlight };
}

/** Asked more often, the queue costs a worker of small objects as much as several of them each time. */
export const askAgainMs = 250;

/**
 * The reserve after the queue gave all that it was asked for, `sinceLastMs` after it was asked before: twice as much when
 * the pipe was full before and not any more (small objects are copied more quickly than a queue answers), or when less than
 * a quarter of a second was between; else a little less.
 */
export function adaptReserve(
  { least, files }: Reserve,
  { ranDry, sinceLastMs }: { ranDry: boolean; sinceLastMs: number },
): Reserve {
  const more = ranDry || sinceLastMs < askAgainMs;
  return { least, files: more ? Math.min(mostOfLeast * least, 2 * files) : Math.max(least, files * 0.98) };
}
