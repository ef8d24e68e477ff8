/** The prompt of a run: the bead's text, where to work, how to speak to the town, and what an earlier run left. */

export type PromptFacts = {
  readonly bead: string;
  readonly title: string;
  readonly body: string;
  readonly branch: string;
  /** Whether there is a town that hears it. */
  readonly reports: boolean;
  /** What it is told of the attempts before; it is the end of the prompt. Null: there were none. */
  readonly handover: string | null;
};

/** The same calls are there as tools and as a command: an agent uses what it has. */
const calls = [
  'Speak to your town with the tools of its MCP server where you have them (done, failed, ask, checkpoint, …), or else',
  'with the command yardmaster, which is in your PATH:',
  '- `yardmaster call done "<what you did>"`, once all is committed; then end. A commit and exit code 0 say the same.',
  '- `yardmaster call failed "<why>"` if you can not do it.',
  '- `yardmaster call ask "<question>"` waits for the answer of a person, and prints it.',
  '- `yardmaster call checkpoint "<what is done, what is left>"` leaves a note for whoever goes on after you.',
  'More is in `yardmaster call --help`.',
];

export function promptOf({ bead, title, body, branch, reports, handover }: PromptFacts): string {
  const parts = [
    ...[`# ${title}`, '', body.trim(), '', `Bead: ${bead}`, ''],
    `Work in the current directory, which is a git worktree of its own, and commit what you do for ${branch}.`,
    ...(reports ? calls : []),
  ];
  return `${parts.join('\n')}\n${handover === null ? '' : `\n${handover}`}`;
}
