import { totalmem } from 'node:os';

/** Bytes of memory that there are for this process and what it starts: a container may have less than the machine. */
export function memoryHere(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}
