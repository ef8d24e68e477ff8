/** A text as it grows piece by piece: bounded, and with how it ended. Pure. */

/** Characters that a page keeps; the oldest go first, whole lines at a time. */
const TEXT_MAX = 262_144;

export type Growth = {
  readonly text: string;
  /** `completed`, `failed: no tests`; null: it may still grow. */
  readonly ending: string | null;
};

type Piece = {
  readonly text?: string;
  readonly end?: { readonly outcome: string | null; readonly reason: string | null };
};

/** The text after one more event of the stream. */
export function grown(before: Growth | null, { text = '', end }: Piece): Growth {
  const whole = `${before?.text ?? ''}${text}`;
  const cut = whole.length <= TEXT_MAX ? 0 : whole.indexOf('\n', whole.length - TEXT_MAX) + 1;
  const ending = end ? [end.outcome ?? 'ended', end.reason].filter(Boolean).join(': ') : (before?.ending ?? null);
  return { text: whole.slice(cut), ending };
}
