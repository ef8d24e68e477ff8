/** Buckets of tokens: how many requests each caller may make. */

export type Rate = {
  /** Requests a second, in the long run. */
  readonly perSecond: number;
  /** Requests at once, after a rest. */
  readonly burst: number;
};

type Bucket = { tokens: number; at: number };

/** What callers without a name share of the rate. */
const ANONYMOUS_SHARE = 0.1;

export class Limiter {
  readonly #rate: Rate;
  /** By names that were proven, and `anonymous`: as many as there are agents, so nothing has to be forgotten. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes a token of the caller's bucket: 0, or how many milliseconds it takes until there is one. */
  take(key: string, now: number): number {
    const share = key === 'anonymous' ? ANONYMOUS_SHARE : 1;
    const perMs = (this.#rate.perSecond * share) / 1_000;
    const burst = Math.max(1, this.#rate.burst * share);
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) * perMs);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perMs);
    bucket.tokens -= 1;
    return 0;
  }
}
