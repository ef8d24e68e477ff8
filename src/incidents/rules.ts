/** Scripted answers: a list of rules, each for some calls, the last word said first; a call keeps the answer it got. */

type Scope = {
  readonly bead?: string | undefined;
  readonly agent?: string | undefined;
  readonly first?: number | undefined;
};
type Call = { readonly bead: string; readonly agent: string; readonly epoch: number };

export class Rules<R extends Scope> {
  readonly #fallback: R;
  readonly #given = new Map<number, R>();
  #rules: readonly R[] = [];
  #uses = new Map<R, number>();

  constructor(fallback: R) {
    this.#fallback = fallback;
  }

  /** From now on. Calls that were answered keep their answer. */
  set(rules: readonly R[]): void {
    this.#rules = rules;
    this.#uses = new Map();
  }

  /** The answer for a call; the same epoch gets the same one again while `sticky`. */
  answer(call: Call, sticky = true): R {
    const before = sticky ? this.#given.get(call.epoch) : undefined;
    if (before) return before;
    const rule = this.#rules.find((one) => this.#isFor(one, call)) ?? this.#fallback;
    this.#uses.set(rule, (this.#uses.get(rule) ?? 0) + 1);
    this.#given.set(call.epoch, rule);
    return rule;
  }

  #isFor(rule: R, { bead, agent }: Call): boolean {
    if (rule.bead !== undefined && rule.bead !== bead) return false;
    if (rule.agent !== undefined && rule.agent !== agent) return false;
    return rule.first === undefined || (this.#uses.get(rule) ?? 0) < rule.first;
  }
}
