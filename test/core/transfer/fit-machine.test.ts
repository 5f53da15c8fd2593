import { expect, test } from 'vitest';
import { fitMachine } from '../../../core/transfer/fit-machine.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

test.each([
  ['a small one is bounded by its memory', 8, 256 * MiB, 16, 256 * MiB],
  ['the smallest still copies, one large object at a time', 1, 64 * MiB, 8, 256 * MiB],
  ['two cores and 4 GiB', 2, 4 * GiB, 32, 2 * GiB],
  ['eight cores and 16 GiB', 8, 16 * GiB, 128, 8 * GiB],
  ['a huge one is bounded', 96, 384 * GiB, 512, 16 * GiB],
])('%s', (_, cores, memoryBytes, filesInFlight, partsMemoryBytes) => {
  expect(fitMachine({ cores, memoryBytes })).toEqual({ filesInFlight, partsMemoryBytes });
});
