import { expect, test } from 'vitest';
import { desiredWorkers } from '../../../core/scaling/desired-workers.ts';

test.each<[string, number, number, { minimum: number; maximum: number }, number]>([
  ['nothing to do needs nobody', 0, 0, { minimum: 0, maximum: 10 }, 0],
  ['nothing to do needs the minimum', 0, 0, { minimum: 2, maximum: 10 }, 2],
  ['one message needs one worker', 1, 0, { minimum: 0, maximum: 10 }, 1],
  ['a message in flight keeps its worker', 0, 1, { minimum: 0, maximum: 10 }, 1],
  ['a full portion needs one worker', 5, 0, { minimum: 0, maximum: 10 }, 1],
  ['one message more needs another', 5, 1, { minimum: 0, maximum: 10 }, 2],
  ['a backlog beyond the fleet gets the maximum', 1000, 1000, { minimum: 0, maximum: 10 }, 10],
])('%s', (_, visible, inFlight, bounds, workers) => {
  expect(desiredWorkers({ visible, inFlight }, bounds, 5)).toBe(workers);
});
