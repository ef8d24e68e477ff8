/**
 * Decisions that can be taken back one by one: each is a function of the seed, its site, its key and its
 * occurrence, never of what was drawn before it. Removing one fault leaves every other decision as it was.
 */
export class Dice {
  constructor(readonly seed: number) {}

  /** A number in [0, 1). */
  u(site: string, key: string | number = '', occurrence = 0): number {
    return mixed(`${this.seed}|${site}|${key}|${occurrence}`);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number, [site, key = '', occurrence = 0]: Draw): number {
    return low + Math.floor(this.u(site, key, occurrence) * (high - low + 1));
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[], [site, key = '', occurrence = 0]: Draw): T {
    return list[Math.floor(this.u(site, key, occurrence) * list.length)] as T;
  }
}

/** Site, key, occurrence. */
export type Draw = readonly [site: string, key?: string | number, occurrence?: number];

/** FNV-1a over the text, then the finisher of Murmur 3: every bit of the key reaches every bit of the number. */
function mixed(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0) / 4_294_967_296;
}
