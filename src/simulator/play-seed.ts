/** One seed of a sweep; some of them are played twice, because the same seed must give the same log. */
import { type Outcome, type Simulation, simulate } from './simulate.ts';

/** One seed of so many is played twice: the same log, or the town is not deterministic. */
const TWICE_EVERY = 50;

export type Played = { readonly outcome: Outcome; readonly repeated: boolean };

export async function playSeed(simulation: Simulation): Promise<Played> {
  const outcome = await simulate(simulation);
  if (outcome.violations.length > 0 || outcome.seed % TWICE_EVERY !== 0) return { outcome, repeated: false };
  const again = await simulate(simulation);
  if (again.hash === outcome.hash) return { outcome, repeated: true };
  const [first, second] = [outcome, again].map(({ hash }) => hash.slice(0, 8));
  const sentence = `seed ${outcome.seed} played twice gives two logs, ${first} and ${second}`;
  return { outcome: { ...again, violations: [{ property: 'determinism', atMs: 0, sentence }] }, repeated: true };
}
