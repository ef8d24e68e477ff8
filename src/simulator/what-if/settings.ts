/** The settings that were in force, row by row, and the same with other ones laid over them. */
import { townMachines } from '../../../machines/index.ts';
import { defaultPolicy, type Policy, type PolicyPatch, policySchema } from '../../../machines/policy.ts';
import type { Definition } from '../../core/define.ts';
import { Refused } from '../../core/errors.ts';
import { stableText } from '../../core/json.ts';
import { replay } from '../../core/replay.ts';
import type { LogRow } from '../../store/port.ts';
import type { RecordedRow } from './rows.ts';

/** The settings from a row on. */
export type InForce = { readonly from: number; readonly policy: Policy };

/** The founding settings and every change of them, each from its row on, with `patch` over them. */
export function settingsIn(rows: readonly RecordedRow[], patch: PolicyPatch = {}): readonly InForce[] {
  return rows
    .filter(({ entity, event, rejected }) => rejected === null && entity.machine === 'town' && isSetting(event.type))
    .map(({ seq, event }) => {
      const said = event.type === 'xstate.init' ? (event.input as { policy?: object })?.policy : event.policy;
      return { from: seq, policy: withPatch({ ...defaultPolicy, ...(said as object) }, patch) };
    });
}

const isSetting = (type: string) => type === 'xstate.init' || type === 'CONFIGURE';

function withPatch(recorded: object, patch: PolicyPatch): Policy {
  const known = Object.fromEntries(Object.entries(recorded).filter(([name]) => name in defaultPolicy));
  const parsed = policySchema.safeParse({ ...known, ...patch });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused('invalid', `the settings do not go together: ${issue?.path.join('.')} ${issue?.message}`);
}

/** Names of the settings that `patch` makes others than they were at some time. */
export function changedSettings(rows: readonly RecordedRow[], patch: PolicyPatch): readonly string[] {
  const before = settingsIn(rows);
  const after = settingsIn(rows, patch);
  const names = Object.keys(defaultPolicy) as (keyof Policy)[];
  return names.filter((name) =>
    before.some(({ policy }, index) => stableText(policy[name]) !== stableText(after[index]?.policy[name])),
  );
}

export type Reproduction = {
  readonly rows: number;
  readonly entities: number;
  /** The first rows that led elsewhere than the record says, each a sentence. */
  readonly differences: readonly string[];
};

const SHOWN = 10;

/** Takes every row through the charts of the settings that were in force, and compares each state with the record. */
export function reproduce(rows: readonly RecordedRow[]): Reproduction {
  const inForce = settingsIn(rows);
  const machines = inForce.map(({ policy }): Readonly<Record<string, Definition>> => townMachines(policy));
  const names = Object.keys(machines[0] ?? {});
  // A number for each machine under each of the settings, as the store gives them.
  const numberOf = ({ entity, seq }: RecordedRow) => {
    const settings = inForce.findLastIndex(({ from }) => from < seq);
    return Math.max(settings, 0) * names.length + names.indexOf(entity.machine) + 1;
  };
  const definitionOf = (number: number) => {
    const name = names[(number - 1) % names.length] ?? '';
    return machines[Math.floor((number - 1) / names.length)]?.[name] ?? null;
  };
  const logged = rows.map((row): LogRow => ({ ...row, cause: null, definition: numberOf(row) }));
  const { entities, mismatches } = replay(definitionOf, logged);
  const differences = mismatches.map(
    ({ entity, seq, logged: state, replayed }) =>
      `row ${seq}: ${entity.machine}/${entity.id} is ${state} in the record, and ${replayed} here`,
  );
  return { rows: rows.length, entities: entities.size, differences: differences.slice(0, SHOWN) };
}
