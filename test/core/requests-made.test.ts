import { expect, test } from 'vitest';
import { addRequests } from '../../core/requests-made.ts';

test('requests add up by operation, into the first', () => {
  const into = { GetObject: 1 };
  expect(addRequests(into, { GetObject: 2, PutObject: 3 })).toBe(into);
  expect(into).toEqual({ GetObject: 3, PutObject: 3 });
  expect(addRequests({}, into)).not.toBe(into);
});
