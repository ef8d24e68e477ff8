/** Seeded dice: the same seed makes the same choices (the moments of a real process are its own). */

export type Dice = {
  /** From 0 up to, not including, `bound`. */
  below(bound: number): number;
  chance(probability: number): boolean;
};

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  // Mulberry32: a few lines, and good enough to spread kills.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (bound) => next() * bound, chance: (probability) => next() < probability };
}
