import { expect, it } from 'vitest';
import { partitionCount } from '../../../core/partition/partition-count.ts';
import { parseRequest } from '../../../core/request.ts';

const requestOf = (partition: Record<string, unknown>, maxWorkers: number) =>
  parseRequest({
    source: { bucket: 'from-here' },
    destination: { bucket: 'to-there' },
    fleet: { maxWorkers },
    partition,
  });

it.each([
  ['nobody is told of partitions under the queue strategy', { strategy: 'queue' }, 20, null, null],
  ['a number is taken as it is', { strategy: 'hash', count: 7 }, 20, 3, 7],
  ['four for each worker, before anything is known of the backlog', { strategy: 'hash' }, 20, null, 80],
  ['auto is what it is unless told', { strategy: 'hash', count: 'auto' }, 20, null, 80],
  ['no more than there are messages', { strategy: 'hash' }, 20, 12, 12],
  ['a long backlog needs no more than the fleet can hold', { strategy: 'hash' }, 3, 1e6, 12],
  ['at least one', { strategy: 'hash' }, 20, 0, 1],
  ['at most 4000', { strategy: 'hash' }, 1000, null, 4000],
])('%s', (_, partition, maxWorkers, messages, count) => {
  expect(partitionCount(requestOf(partition, maxWorkers), messages)).toBe(count);
});
