/**
 * What a run may ask of its town: the same calls over MCP, over plain HTTP and from the command line. A call speaks for
 * the run whose capability it came with, so it names neither agent nor bead.
 */
import { z } from 'zod';
import type { Town } from '../town/api.ts';
import { ask } from './ask.ts';
import { type Caller, type Desk, nameOf } from './caller.ts';
import { createBead } from './create-bead.ts';
import { describeBead } from './describe-bead.ts';
import { raise } from './raise.ts';

export type Call = {
  /** A few words for lists of routes and of commands. */
  readonly summary: string;
  /** What an agent is told of it. */
  readonly description: string;
  /** What its input must be before it is answered. */
  readonly input: z.ZodObject;
  /** Resolves with what the agent is told, in words. */
  answer(input: unknown, caller: Caller, desk: Desk): Promise<string>;
};

const line = z.string().trim().min(1).max(4_000);

type Words = { readonly summary: string; readonly description: string };

function call<S extends z.ZodObject>(
  words: Words,
  input: S,
  answer: (input: z.output<S>, caller: Caller, desk: Desk) => Promise<string>,
): Call {
  return { ...words, input, answer: (given, caller, desk) => answer(given as z.output<S>, caller, desk) };
}

/** Every call by its name. */
export const calls: Readonly<Record<string, Call>> = {
  done: call(
    {
      summary: 'Says that the bead is done',
      description:
        'Say that the bead is done. Commit your work first: what is on your branch is what is judged and merged.',
    },
    z.strictObject({ summary: line.describe('What you did, for the people who read the log.') }),
    async ({ summary }, caller, { town }) => {
      await tell(town, caller, { type: 'DONE', summary });
      return 'Taken. End your turn now: what is committed on your branch is looked at when this run has ended.';
    },
  ),
  failed: call(
    {
      summary: 'Says that the bead can not be done',
      description: 'Say that you can not do the bead, and why. It is given to another run, or to a person.',
    },
    z.strictObject({
      reason: line.describe('What stands in the way.'),
      class: z
        .enum(['transient', 'work', 'permanent', 'needs_input'])
        .default('work')
        .describe(
          'transient: trying again may help; permanent: it can not be done; needs_input: a person must say more.',
        ),
    }),
    async ({ reason, class: failure }, caller, { town }) => {
      await tell(town, caller, { type: 'FAILED', class: failure, reason });
      return 'Taken. End your turn now.';
    },
  ),
  progress: call(
    {
      summary: 'Says what the run is doing',
      description: 'Say in a few words what you are doing. It shows people that you get on.',
    },
    z.strictObject({ note: line }),
    async ({ note }, caller, { town }) => {
      await tell(town, caller, { type: 'PROGRESS', note });
      return 'Noted.';
    },
  ),
  checkpoint: call(
    {
      summary: 'Leaves a note for the run that goes on',
      description:
        'Leave a note for the run that goes on if this one is cut short: what is done, what is left. Commit before it.',
    },
    z.strictObject({ summary: line.describe('What is done, what is left, and what to beware of.') }),
    async ({ summary }, caller, { town }) => {
      await tell(town, caller, { type: 'PROGRESS', note: `${CHECKPOINT}${summary}` });
      return 'Kept: a later run of this bead is told.';
    },
  ),
  escalate: call(
    {
      summary: 'Tells a person something',
      description: 'Tell a person of something that they must know. You go on working; nothing waits for them.',
    },
    z.strictObject({ message: line }),
    ({ message }, caller, { town }) => raise(town, caller, message),
  ),
  ask: call(
    {
      summary: 'Asks a person and waits for the answer',
      description:
        'Ask a person a question and wait for the answer. When none has come yet, ask the same again to go on waiting.',
    },
    z.strictObject({ question: line }),
    ({ question }, caller, desk) => ask(desk, caller, question),
  ),
  bead_details: call(
    {
      summary: 'Shows the bead of the run',
      description: 'Show the bead that you work on: its text, what it waits for, and how its earlier attempts ended.',
    },
    z.strictObject({}),
    async (_, caller, { town }) => describeBead(town, caller),
  ),
  create_bead: call(
    {
      summary: 'Creates a bead for work that was found',
      description: 'Create a bead for work that you found and that is not part of yours. Only a few for each run.',
    },
    z.strictObject({
      title: z.string().trim().min(1).max(200),
      body: z.string().max(20_000).default('').describe('What is to be done, with all that another agent must know.'),
      depends_on_mine: z.boolean().default(false).describe('True: it can begin only when your bead is closed.'),
    }),
    (bead, caller, desk) => createBead(desk, caller, bead),
  ),
};

/** How a note begins that was left for a later run. */
export const CHECKPOINT = 'checkpoint: ';

/** An event to the caller's agent, of the caller's epoch and in its name. */
async function tell(town: Town, caller: Caller, event: { type: string; [key: string]: string }): Promise<void> {
  const { agent, epoch } = caller;
  await town.send({ machine: 'agent', id: agent }, { ...event, epoch }, { by: nameOf(caller) });
}
