/** Asks a history whether a check holds; what does not is a sentence that says what was seen instead. */
import { instantText } from './durations.ts';
import type { Check } from './format.ts';
import { type History, isIn, type Row } from './history.ts';

type Span = { readonly from: number; readonly to: number };
type Entered = { readonly at: number; readonly state: string };

/** Null: it holds. */
export function failureOf(check: Check, history: History): string | null {
  const { of: ref, count, gaps, outcomes, first, before, why, told, says } = check;
  if (count !== undefined) return countFailure(check, history);
  if (gaps !== undefined) return gapFailure(gaps, check.least ?? [], history);
  if (outcomes !== undefined) return outcomeFailure(outcomes, check.are ?? [], history);
  if (first && before) return orderFailure({ first, before }, history);
  if (why !== undefined && says !== undefined) return whyFailure(history.answers.get(why) ?? 'nothing', { why, says });
  if (told !== undefined && says !== undefined) return toldFailure(told, says, history);
  return ref === undefined ? 'it asks nothing' : stateFailure(ref, check, history);
}

// States ------------------------------------------------------------------------------------------------------------

function stateFailure(ref: string, check: Check, history: History): string | null {
  const { ends, is, at, reaches, by, never, always, has } = check;
  const was = (time: number) => history.stateAt(ref, time) ?? 'not there';
  const span = spanOf(check, history);
  if (ends) return isIn(was(history.end), ends) ? null : `${ref} ends as ${was(history.end)}, not ${ends.join(' or ')}`;
  if (Array.isArray(is) && at !== undefined)
    return isIn(was(at), is) ? null : `${ref} is ${was(at)} at ${instantText(at)}, not ${is.join(' or ')}`;
  if (reaches && by !== undefined) {
    const met = during(ref, { ...span, to: by }, history).some(({ state }) => isIn(state, reaches));
    return met ? null : `${ref} does not reach ${reaches.join(' or ')} by ${instantText(by)}; it is ${was(by)}`;
  }
  if (never) {
    const met = during(ref, span, history).find(({ state }) => isIn(state, never));
    return met ? `${ref} is ${met.state} at ${instantText(met.at)}, where it must never be` : null;
  }
  if (always) {
    const met = during(ref, span, history).find(({ state }) => !isIn(state, always));
    return met ? `${ref} is ${met.state} at ${instantText(met.at)}, not always ${always.join(' or ')}` : null;
  }
  return has ? fieldFailure(ref, { has, at: at ?? null }, history) : 'it asks nothing';
}

const spanOf = ({ from, to }: Check, history: History): Span => ({ from: from ?? 0, to: to ?? history.end });

/** The states of a span, the one that it begins in first. */
function during(ref: string, { from, to }: Span, history: History): readonly Entered[] {
  const states = history.statesOf(ref);
  const standing = states.findLast(({ at }) => at < from);
  const entered = states.filter(({ at }) => at >= from && at <= to);
  return standing ? [{ ...standing, at: from }, ...entered] : entered;
}

type Fields = { readonly has: Readonly<Record<string, unknown>>; readonly at: number | null };

function fieldFailure(ref: string, { has, at }: Fields, history: History): string | null {
  const context = history.contexts(ref, at);
  if (!context) return `${ref} is not there`;
  const wrong = Object.entries(has).find(([key, value]) => JSON.stringify(context[key]) !== JSON.stringify(value));
  return wrong ? `${ref} has ${wrong[0]} ${JSON.stringify(context[wrong[0]])}, not ${JSON.stringify(wrong[1])}` : null;
}

// Counts ------------------------------------------------------------------------------------------------------------

function countFailure(check: Check, history: History): string | null {
  const { count, is, atMost, atLeast } = check;
  const found = countOf(check, history);
  const said = `${found} ${count}${aboutText(check)}`;
  if (typeof is === 'number' && found !== is) return `${said}, not ${is}`;
  if (atMost !== undefined && found > atMost) return `${said}, more than ${atMost}`;
  return atLeast !== undefined && found < atLeast ? `${said}, fewer than ${atLeast}` : null;
}

function aboutText({ of: ref, bead, agent, subject, cause, while: condition }: Check): string {
  const parts = [ref, bead && `bead ${bead}`, agent && `agent ${agent}`, subject, cause].filter(Boolean);
  const when = condition ? ` while ${condition.of} is ${condition.is.join(' or ')}` : '';
  return `${parts.length === 0 ? '' : ` of ${parts.join(', ')}`}${when}`;
}

function countOf(check: Check, history: History): number {
  const span = spanOf(check, history);
  const within = <T extends { readonly at: number }>(list: readonly T[]) =>
    list.filter(({ at }) => at >= span.from && at <= span.to && isWhile(check, at, history));
  const about = <T extends { readonly bead: string; readonly agent: string; readonly at: number }>(
    list: readonly T[],
  ) => within(list).filter(({ bead, agent }) => fits(check.bead, bead) && fits(check.agent, agent)).length;
  switch (check.count) {
    case 'starts':
    case 'stops':
    case 'merges':
    case 'runs':
      return about(history[check.count]);
    case 'dispatches':
      return about(history.rows.flatMap(dispatchIn));
    case 'live':
      return mostAlive(check, history);
    case 'zombies':
      return history.runs.filter(({ ended, bead }) => ended === null && fits(check.bead, bead)).length;
    case 'notices':
      return within(history.notices).filter(
        (notice) => fits(check.subject, notice.subject) && fits(check.cause, notice.cause),
      ).length;
    case 'rejected':
      return within(rowsOf(check, history).filter(({ rejected }) => rejected !== null)).length;
    case 'rows':
      return within(rowsOf(check, history).filter(({ rejected }) => rejected === null)).length;
    case 'raised':
      return within(history.rows.flatMap((row) => raisedIn(row, check))).length;
    default:
      return within(history.statesOf(check.of ?? '')).filter(({ state }) => isIn(state, check.state ?? [])).length;
  }
}

const fits = (wanted: string | undefined, found: string) => wanted === undefined || wanted === found;

function isWhile({ while: condition }: Check, at: number, history: History): boolean {
  // What happens in the instant in which a state is entered or left belongs to neither.
  return (
    condition === undefined ||
    (isIn(history.stateAt(condition.of, at - 1), condition.is) && isIn(history.stateAt(condition.of, at), condition.is))
  );
}

const rowsOf = ({ of: ref }: Check, history: History) =>
  history.rows
    .filter(({ entity }) => ref === undefined || `${entity.machine}/${entity.id}` === ref)
    .map((row) => ({ at: row.t, rejected: row.rejected }));

function dispatchIn({ entity, event, rejected, t }: Row) {
  if (entity.machine !== 'bead' || event.type !== 'DISPATCH' || rejected !== null) return [];
  return [{ at: t, bead: entity.id, agent: String(event.agent), epoch: Number(event.epoch) }];
}

function raisedIn({ entity, event, before, after, rejected, t }: Row, { subject, cause }: Check) {
  const isRaised = entity.machine === 'escalation' && rejected === null && event.type === 'RAISE';
  if (!isRaised || before === after || after !== 'raised') return [];
  return fits(subject, String(event.subject)) && fits(cause, String(event.cause)) ? [{ at: t }] : [];
}

/** The most processes that were alive at one instant. */
function mostAlive({ bead, agent, from = 0 }: Check, { runs, end }: History): number {
  const about = runs.filter((run) => fits(bead, run.bead) && fits(agent, run.agent));
  const alive = (time: number) => about.filter((run) => run.at <= time && (run.ended ?? end + 1) > time).length;
  return Math.max(0, ...about.filter(({ at }) => at >= from).map(({ at }) => alive(at)), alive(from));
}

// The rest ------------------------------------------------------------------------------------------------------------

function gapFailure(bead: string, least: readonly number[], history: History): string | null {
  const at = history.starts.filter((start) => start.bead === bead).map((start) => start.at);
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  const short = least.findIndex((wanted, index) => (gaps[index] ?? Number.POSITIVE_INFINITY) < wanted);
  return short < 0 ? null : `gap ${short + 1} between the starts of ${bead} is ${(gaps[short] ?? 0) / 1_000} s`;
}

function outcomeFailure(bead: string, wanted: readonly string[], history: History): string | null {
  const outcomes = (history.attempts.get(bead) ?? []).map(({ outcome }) => outcome ?? 'open');
  return outcomes.join(' ') === wanted.join(' ')
    ? null
    : `the attempts of ${bead} came to ${outcomes.join(', ') || 'nothing'}; ${wanted.join(', ')} were expected`;
}

type Order = { readonly first: NonNullable<Check['first']>; readonly before: NonNullable<Check['before']> };

function orderFailure({ first, before }: Order, history: History): string | null {
  const [one, other] = [firstTime(first, history), firstTime(before, history)];
  if (one === null) return 'what has to be first never happened';
  return other === null || one <= other ? null : `${instantText(one)} is after ${instantText(other)}`;
}

function firstTime({ of: ref, enters, starts }: Order['first'], history: History): number | null {
  if (starts !== undefined) return history.starts.find(({ bead }) => bead === starts)?.at ?? null;
  return history.statesOf(ref ?? '').find(({ state }) => isIn(state, enters ?? []))?.at ?? null;
}

/** Whatever a run has to know is in the one prompt that it is started with. */
function toldFailure(bead: string, says: string, { starts }: History): string | null {
  const about = starts.filter((start) => start.bead === bead);
  if (about.length === 0) return `bead ${bead} was never started`;
  const silent = about.find(({ prompt }) => !prompt.includes(says));
  return silent ? `the prompt of ${bead} at ${instantText(silent.at)} does not say "${says}"` : null;
}

function whyFailure(answer: string, { why, says }: { why: string; says: string }): string | null {
  return answer.includes(says) ? null : `why of ${why} does not say "${says}", but "${answer.split('\n')[0]}"`;
}
