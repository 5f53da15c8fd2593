import { describe, expect, it } from 'vitest';
import { MemoryGate } from '../../../adapters/rclone/memory-gate.ts';

describe('the gate before work that needs memory', () => {
  const never = new AbortController().signal;

  /** Asks for memory and notes when it is let in. */
  function asking(gate: MemoryGate) {
    const inside: string[] = [];
    const ask = async (name: string, bytes: number, signal = never) => {
      const leave = await gate.enter(bytes, signal);
      inside.push(leave === null ? `${name} gave up` : name);
      return () => leave?.();
    };
    return { inside, ask };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('lets in what fits, and the next when memory is given back, in order', async () => {
    const { inside, ask } = asking(new MemoryGate(10));
    const first = ask('first', 6);
    void ask('second', 6);
    void ask('third', 1);
    await settle();
    expect(inside).toEqual(['first']);
    (await first)();
    await settle();
    expect(inside).toEqual(['first', 'second', 'third']);
  });

  it('lets in alone what is larger than all the memory', async () => {
    const { inside, ask } = asking(new MemoryGate(10));
    const small = ask('small', 1);
    const huge = ask('huge', 100);
    void ask('other', 1);
    await settle();
    expect(inside).toEqual(['small']);
    (await small)();
    await settle();
    expect(inside).toEqual(['small', 'huge']);
    (await huge)();
    await settle();
    expect(inside).toEqual(['small', 'huge', 'other']);
  });

  it('lets go of who gives up waiting, and holds up nobody behind', async () => {
    const { inside, ask } = asking(new MemoryGate(10));
    await ask('first', 5);
    const stop = new AbortController();
    void ask('second', 9, stop.signal);
    void ask('third', 5);
    await settle();
    stop.abort();
    await settle();
    expect(inside).toEqual(['first', 'second gave up', 'third']);
    await ask('late', 1, stop.signal);
    expect(inside.at(-1)).toBe('late gave up');
  });
});
