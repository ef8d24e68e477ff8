/** What callers may send: all but the messages by which charts speak to each other, which belong to one transaction. */
import { Refused } from '../core/errors.ts';
import type { EngineEvent, EntityRef } from '../core/types.ts';
import { refText } from '../core/types.ts';

const OWN: Readonly<Record<string, RegExp>> = {
  agent: /^(ASSIGN|FENCE|RELEASE|BREAKER_CLOSED|CONTAINER_.*)$/,
  bead: /^(DISPATCH|RUN\..*|SPENT|DEPENDENCY\..*)$/,
  container: /^(PLACE|VACATE|REVIVED|CONFIGURE)$/,
  breaker: /^(DISPATCHED|SUCCESS|FAILURE|ENDED|SPENT)$/,
  rig: /^(DISPATCHED|START_REFUSED)$/,
};

/** Refused `not_accepted` for a message that only a chart of the town may send. */
export function checkCommand(to: EntityRef, { type }: EngineEvent): void {
  if (!OWN[to.machine]?.test(type)) return;
  throw new Refused(
    'not_accepted',
    `${type} is a message between the charts of the town: it is not sent to ${refText(to)} by hand`,
    {
      ...{ entity: refText(to), event: type },
    },
  );
}
