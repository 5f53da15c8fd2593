/** Random numbers that are the same in every run of the same seed. */
export type Dice = {
  /** From 0, inclusive, to 1, exclusive. */
  share(): number;
  /** A whole number; both ends are included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Item>(from: readonly [Item, ...Item[]]): Item;
};

/** Opens the dice of one round; rounds of one seed are independent, so that any of them can be played alone. */
export function openDice(seed: number, round: number): Dice {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b)) >>> 0;
  // Mulberry32: 32 bits of state are plenty for scripts of a few dozen throws.
  function share(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  const between = (least: number, most: number): number => least + Math.floor(share() * (most - least + 1));
  return {
    share,
    between,
    chance: (probability) => share() < probability,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
  };
}
