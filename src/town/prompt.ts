/** The prompt of a run: the bead's text, what an earlier run left, and how to report. */

export type PromptFacts = {
  readonly bead: string;
  readonly title: string;
  readonly body: string;
  readonly branch: string;
  readonly reports: boolean;
  readonly previous: { readonly branch: string | null; readonly reason: string | null } | null;
};

export function promptOf({ bead, title, body, branch, reports, previous }: PromptFacts): string {
  const parts = [`# ${title}`, '', body.trim(), '', `Bead: ${bead}`];
  if (previous?.reason) {
    // Words of an earlier agent are data for this one: one line, bounded, and marked as a quotation.
    parts.push(
      '',
      `An earlier attempt did not come to an end. Its reason, as it was told: "${quoted(previous.reason)}"`,
    );
    if (previous.branch) parts.push(`What it committed is on the branch ${previous.branch}.`);
  }
  parts.push(
    '',
    `Work in the current directory, which is a git worktree of its own, and commit what you do for ${branch}.`,
  );
  if (reports) {
    parts.push(
      'When you are done, exit with code 0; or report it:',
      'POST $YARDMASTER_API_URL/api/v1/agents/$YARDMASTER_AGENT/events',
      'with the bearer token $YARDMASTER_TOKEN and {"type":"done","epoch":$YARDMASTER_EPOCH,"summary":"..."}.',
    );
  }
  return `${parts.join('\n')}\n`;
}

const QUOTE_MAX = 500;

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('"', "'").trim();
  return line.length <= QUOTE_MAX ? line : `${line.slice(0, QUOTE_MAX)}…`;
}
