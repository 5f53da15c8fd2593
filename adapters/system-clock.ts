import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';

/** Node runs a longer timer after 1 ms instead. [src: Node timers documentation, setTimeout] */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own time. A sleep never rejects: an abort only ends it early. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(milliseconds, signal) {
    for (let left = milliseconds; left > 0 && !signal?.aborted; left -= longestTimerMs) {
      await wait(Math.min(left, longestTimerMs), undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
    }
  },
};
