/** The command `status`: what the town is doing, on one screen. */
import type { ContainerStatus, RigStatus, TownStatus } from '../../town/api.ts';
import { notIsolated } from '../../town/hands.ts';
import { LOCAL } from '../../town/options.ts';
import { reading, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { duration, type Paint, paintFor, plain, table } from '../text.ts';

export function registerStatus({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('status')))
    .summary('what the town is doing')
    .description('Shows how many beads and agents are in each state, who works on what, and what asks for a person.')
    .addHelpText('after', examples('yardmaster status', 'yardmaster status --json --data /srv/town'))
    .action(async (options: TownChoice & { json?: boolean }) => {
      const status = await reading(shell, options, async (town) => town.status());
      const paint = paintFor(shell.out, shell.environment);
      shell.out.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, paint));
      finish(exits.done);
    });
}

/** The screen, golden in the tests. */
export function statusText(status: TownStatus, paint: Paint): string {
  const { name, seq, breaker, counts, working, containers, rigs, escalations, health, isolation, now } = status;
  const reason = breaker.reason ? ` (${plain(breaker.reason)})` : '';
  const lines = [
    `${paint('bold', `town ${name}`)}  log at ${seq}, breaker ${breaker.state}${reason}`,
    ...(isolation?.available === false ? [paint('yellow', plain(notIsolated(isolation.reason)))] : []),
    ...(health.ok ? [] : [paint('red', `degraded: ${health.degraded ?? 'unknown cause'}`)]),
    ...['bead', 'agent', 'rig'].map((machine) => `${machine}s: ${census(counts[machine])}`),
    ...rigs.filter(({ state }) => state !== 'active').map((rig) => paint('yellow', rigText(rig, now))),
  ];
  const rows = working.map(({ agent, bead, substate, since }) => [agent, bead, substate, duration(now - since)]);
  const work = rows.length === 0 ? '' : `\n${table(['agent', 'bead', 'state', 'for'], rows, paint)}`;
  const asks = escalations.map(
    ({ message, since }) => `  ${paint('yellow', plain(message))} (for ${duration(now - since)})`,
  );
  const people = asks.length === 0 ? '' : `\nasks for a person:\n${asks.join('\n')}\n`;
  return `${lines.join('\n')}\n${work}${hosts(containers, paint)}${people}`;
}

/** Where runs are; a town whose only container is its own needs no telling. */
function hosts(containers: readonly ContainerStatus[], paint: Paint): string {
  if (containers.length === 0)
    return '\nNo container is there: nothing runs until a runner registers (`yardmaster runner`).\n';
  if (containers.every(({ id }) => id === LOCAL)) return '';
  const rows = containers.map((container) => [container.id, stateText(container), ...placeText(container)]);
  return `\n${table(['container', 'state', 'runs', 'labels', 'agents'], rows, paint)}`;
}

const stateText = (container: ContainerStatus) =>
  isAway(container) ? `${container.state}, not connected` : container.state;

/** A runner that drains takes no orders, and is there all the same. */
export function isAway({ state, connected }: ContainerStatus): boolean {
  return connected === false && !state.startsWith('draining');
}

function placeText({ runs, slots, labels, agents }: ContainerStatus): readonly string[] {
  return [slots === null ? String(runs) : `${runs} of ${slots}`, labels.join(', ') || '-', agents.join(', ') || '-'];
}

function rigText({ id, state, reason, nextLookAt }: RigStatus, now: number): string {
  const word = state.split('.')[0];
  const again =
    nextLookAt === null ? '' : `; looked at again in ${duration(Math.max(nextLookAt - now, 0))} at the latest`;
  return `rig ${id} is ${word}: ${plain(reason ?? 'no reason was given')}${again}`;
}

function census(states: Readonly<Record<string, number>> = {}): string {
  const parts = Object.entries(states).map(([state, count]) => `${count} ${state}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
