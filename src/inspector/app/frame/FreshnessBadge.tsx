/** How fresh the page is, in a word; pressing it pauses, and goes on. */
import { useComputed } from '@preact/signals';
import type { Tone } from '../../contract.ts';
import { useApp } from '../app.ts';
import type { Freshness } from '../live.ts';
import { Mark } from '../parts/Mark.tsx';
import { timeText } from '../words.ts';

const LOOKS: Readonly<Record<Freshness['kind'], { tone: Tone; title: string }>> = {
  live: { tone: 'ok', title: 'Every commit shows at once. Press to pause.' },
  catchingUp: { tone: 'time', title: 'The page fetches what it has not seen yet.' },
  reconnecting: { tone: 'warn', title: 'The server does not answer. Press to try now.' },
  paused: { tone: 'time', title: 'Nothing moves until you press to go on.' },
  loggedOut: { tone: 'danger', title: 'The login has run out: yardmaster inspect prints a new link.' },
};

export function FreshnessBadge() {
  const { live, clock } = useApp();
  const { freshness } = live;
  const { kind } = freshness.value;
  const text = useComputed(() => wordsOf(freshness.value, clock.now.value));
  const press = () => {
    if (kind === 'live') live.pause();
    else if (kind !== 'catchingUp') void live.start();
  };
  return (
    <button type="button" class={`freshness ${kind}`} title={LOOKS[kind].title} onClick={press}>
      {kind === 'live' ? <i class="pulse" aria-hidden="true" /> : <Mark tone={LOOKS[kind].tone} />}
      <span>{text}</span>
    </button>
  );
}

function wordsOf(freshness: Freshness, now: number): string {
  switch (freshness.kind) {
    case 'live':
      return 'Live';
    case 'catchingUp':
      return 'Catching up';
    case 'reconnecting':
      return `Reconnecting in ${Math.max(0, Math.ceil((freshness.at - now) / 1000))}s`;
    case 'paused':
      return `Paused at ${timeText(freshness.at)}`;
    case 'loggedOut':
      return 'Logged out';
  }
}
