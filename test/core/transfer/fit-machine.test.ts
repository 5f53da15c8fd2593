import { describe, expect, it, test } from 'vitest';
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
  expect(fitMachine({ cores, memoryBytes })).toMatchObject({ filesInFlight, partsMemoryBytes });
});

describe('rclone', () => {
  it('may hold all parts and files in flight, and leaves a third of 4 GiB to Node and the system', () => {
    const { partsMemoryBytes, rcloneMemoryBytes } = fitMachine({ cores: 2, memoryBytes: 4 * GiB });
    expect(rcloneMemoryBytes).toBe(partsMemoryBytes + 32 * 4 * MiB + 256 * MiB);
    expect(rcloneMemoryBytes).toBeLessThan((4 * GiB * 2) / 3);
  });

  it('has room for as many files in flight as were asked for', () => {
    const machine = { cores: 2, memoryBytes: 4 * GiB };
    const [ten, hundred] = [10, 100].map((filesInFlight) => fitMachine({ ...machine, filesInFlight }));
    expect(hundred).toMatchObject({ filesInFlight: 100, partsMemoryBytes: 2 * GiB });
    expect((hundred?.rcloneMemoryBytes ?? 0) - (ten?.rcloneMemoryBytes ?? 0)).toBe(90 * 4 * MiB);
  });

  it('gets no memory for parts that its files in flight cannot have', () => {
    const bounds = fitMachine({ cores: 8, memoryBytes: 16 * GiB, filesInFlight: 4 });
    expect(bounds.partsMemoryBytes).toBe(4 * 4 * 64 * MiB);
  });
});
