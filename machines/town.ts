/**
 * The town: one tenant, one writer, one database. Its entity holds the policy and what all rigs' runtimes have in
 * common, so that every change of a setting is an event in the log like any other.
 */
import { setup } from 'xstate';
import { define } from '../src/core/define.ts';
import type { JsonObject } from '../src/core/types.ts';
import type { HealParams, RigRuntime, TownEvent, TownInput } from './vocabulary.ts';
import { plan, publish, reservedActions } from './wiring.ts';

export type TownContext = { name: string; policy: JsonObject; runtime: RigRuntime | null };

export const townMachine = () =>
  setup({
    types: {} as { context: TownContext; events: TownEvent; input: TownInput },
    actions: {
      ...reservedActions,
      configure: plan<TownContext, TownEvent>((_, event) => ({
        context: { policy: event.policy, ...(event.runtime !== undefined && { runtime: event.runtime }) },
        queue: [
          publish('memberOf', { type: 'CONFIG_CHANGED', reason: 'a setting was changed' }),
          { type: 'heal', params: { event: 'CONFIG_CHANGED', rig: null } satisfies HealParams },
        ],
      })),
      heal: (_, _params: HealParams) => {},
    },
  }).createMachine({
    id: 'town',
    description: 'One tenant, one writer, one database.',
    context: ({ input }) => ({
      ...{ name: input?.name ?? '', policy: input?.policy ?? {}, runtime: input?.runtime ?? null },
    }),
    initial: 'founded',
    states: { founded: { description: 'It is there.', on: { CONFIGURE: { actions: 'configure' } } } },
  });

export const townDefinition = () => define(townMachine(), { defaults: { runtime: null } });
