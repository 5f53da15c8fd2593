const waiting: (() => void)[] = [];

/**
 * Runs the work in a turn of the event loop of its own, after what waits already. Answers that come together are
 * otherwise read in one turn, hundreds of milliseconds long, in which no record is written and no further request goes
 * out: requests then march in step, and the processor idles while all of them are under way.
 */
export function inTurn(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(runOne);
}

function runOne(): void {
  // It goes only when it is done: what is added meanwhile finds somebody waiting.
  try {
    waiting[0]?.();
  } finally {
    waiting.shift();
    if (waiting.length > 0) setImmediate(runOne);
  }
}
