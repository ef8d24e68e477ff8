/** A run tells a person of something. */
import { escalationId } from '../../machines/wiring.ts';
import { Refused } from '../core/errors.ts';
import type { Town } from '../town/api.ts';
import { type Caller, nameOf } from './caller.ts';

const CAUSE = 'agent';

/** One escalation for each bead: the same message again changes nothing. */
export async function raise(town: Town, caller: Caller, message: string): Promise<string> {
  const subject = `bead/${caller.bead}`;
  const to = { machine: 'escalation', id: escalationId(subject, CAUSE) };
  try {
    await town.send(to, { type: 'RAISE', subject, cause: CAUSE, message }, { by: nameOf(caller) });
  } catch (thrown) {
    if (thrown instanceof Refused && thrown.code === 'not_accepted') return 'A person has been told of that already.';
    throw thrown;
  }
  return 'A person is told.';
}
