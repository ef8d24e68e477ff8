/**
 * What a run may ask of its town: the same calls over MCP, over plain HTTP and from the command line. A call speaks for
 * the run whose capability it came with, so it names neither agent nor bead.
 */
import { z } from 'zod';
import { CHECKPOINT } from '../town/handover.ts';
import { ask } from './ask.ts';
import { type Caller, type Desk, nameOf, type Reply } from './caller.ts';
import { createBead } from './create-bead.ts';
import { describeBead } from './describe-bead.ts';
import { readInbox } from './inbox.ts';
import { raise } from './raise.ts';

export type Call = {
  /** A few words for lists of routes and of commands. */
  readonly summary: string;
  /** What an agent is told of it. */
  readonly description: string;
  /** What its input must be before it is answered. */
  readonly input: z.ZodObject;
  answer(input: unknown, caller: Caller, desk: Desk): Promise<Reply>;
};

const line = z.string().trim().min(1).max(4_000);

type Words = { readonly summary: string; readonly description: string };

function call<S extends z.ZodObject>(
  words: Words,
  input: S,
  answer: (input: z.output<S>, caller: Caller, desk: Desk) => Promise<string | Reply>,
): Call {
  return {
    ...words,
    input,
    async answer(given, caller, desk) {
      const reply = await answer(given as z.output<S>, caller, desk);
      return typeof reply === 'string' ? { answer: reply } : reply;
    },
  };
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
    async ({ summary }, caller, desk) => {
      await tell(desk, caller, { type: 'DONE', summary });
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
        .enum(['transient', 'work', 'permanent', 'config', 'needs_input'])
        .default('work')
        .describe(
          'transient: trying again may help; permanent: it can not be done; needs_input: a person must say more; ' +
            'config: no run can do anything as this rig is configured (a key that is refused, a missing model).',
        ),
    }),
    async ({ reason, class: failure }, caller, desk) => {
      await tell(desk, caller, { type: 'FAILED', class: failure, reason });
      return 'Taken. End your turn now.';
    },
  ),
  progress: call(
    {
      summary: 'Says what the run is doing',
      description: 'Say in a few words what you are doing. It shows people that you get on.',
    },
    z.strictObject({ note: line }),
    async ({ note }, caller, desk) => {
      await tell(desk, caller, { type: 'PROGRESS', note });
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
    async ({ summary }, caller, desk) => {
      await tell(desk, caller, { type: 'PROGRESS', note: `${CHECKPOINT}${summary}` });
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
  inbox: call(
    {
      summary: 'Reads what people say to the run',
      description:
        'Read what people have said to you since you last looked. Most often it reaches you by itself, as your next ' +
        'prompt; look here when you work for long without one. With `wait` it waits for half a minute.',
    },
    z.strictObject({ wait: z.boolean().default(false) }),
    ({ wait }, caller, desk) => readInbox(desk, caller, wait),
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

/** An event to the caller's agent, of the caller's epoch and in its name. */
async function tell(desk: Desk, caller: Caller, event: { type: string; [key: string]: string }): Promise<void> {
  const { agent, epoch } = caller;
  const { town, idempotency } = desk;
  const options = { by: nameOf(caller), ...(idempotency && { idempotency }) };
  await town.send({ machine: 'agent', id: agent }, { ...event, epoch }, options);
}
