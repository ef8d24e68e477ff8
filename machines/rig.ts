/**
 * The rig: a git repository that the town works on, with how its agents are run and its work is tested.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import type { HealParams, RigConfig, RigEvent, RigInput } from './vocabulary.ts';
import { type Plan, plan, publish, reservedActions } from './wiring.ts';

export type RigContext = { id: string; config: RigConfig; reason: string | null };

const act = (decide: (context: RigContext, event: RigEvent) => Plan<RigContext>) => plan(decide);

const NO_CONFIG: RigConfig = {
  path: '',
  branch: 'main',
  argv: [],
  promptBy: 'stdin',
  test: [],
  merge: true,
  env: {},
  secrets: {},
};

export const rigMachine = () =>
  setup({
    types: {} as { context: RigContext; events: RigEvent; input: RigInput },
    actions: {
      ...reservedActions,
      configure: act((context, event) =>
        event.type === 'CONFIGURE'
          ? {
              context: { config: event.config },
              queue: [
                publish('worksOn', { type: 'CONFIG_CHANGED', reason: `rig ${context.id} was configured` }),
                { type: 'heal', params: { event: 'CONFIG_CHANGED', rig: context.id } satisfies HealParams },
              ],
            }
          : {},
      ),
      noteReason: act((_, event) => ({
        context: { reason: ('reason' in event && event.reason) || 'paused by a person' },
      })),
      /** An action that does nothing: what has none forbids its event. */
      letPass: act(() => ({})),
      dropReason: act(() => ({ context: { reason: null } })),
      heal: (_, _params: HealParams) => {},
    },
  }).createMachine({
    id: 'rig',
    description: 'A git repository that the town works on.',
    context: ({ input }) => ({ id: input?.id ?? '', config: input?.config ?? NO_CONFIG, reason: null }),
    initial: 'active',
    on: { CONFIGURE: { actions: 'configure' } },
    states: {
      active: {
        description: 'Its beads are dispatched.',
        on: { DISPATCHED: { actions: 'letPass' }, PAUSE: { target: 'paused', actions: 'noteReason' } },
      },
      paused: {
        description: 'A person wants it to rest; what runs goes on.',
        on: { RESUME: { target: 'active', actions: 'dropReason' }, PAUSE: {} },
      },
    },
  });

export const rigDefinition = () => define(rigMachine(), { index: (context: RigContext) => ({ scope: context.id }) });
