/** How many files are kept waiting so that the pipe does not run dry while the queue is asked for more. */
export type Reserve = { readonly least: number; files: number };

/** More would keep other workers idle at the end of the queue. */
const mostOfLeast = 8;

/** The reserve at first, and at least: as many as may be in flight. */
export function openReserve(filesInFlight: number): Reserve {
  return { least: filesInFlight, files: filesInFlight };
}

/**
 * The reserve after the queue gave all that it was asked for: twice as much when the pipe was full before and not any more
 * (small objects are copied more quickly than a queue answers), else a little less.
 */
export function adaptReserve({ least, files }: Reserve, ranDry: boolean): Reserve {
  return { least, files: ranDry ? Math.min(mostOfLeast * least, 2 * files) : Math.max(least, files * 0.98) };
}
