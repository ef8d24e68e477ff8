/** The same failure of many, counted: "42 × container is starting", with one button for all of them. */
import type { EffectLine, OutboxView } from '../../../contract.ts';
import { type App, useApp } from '../../app.ts';
import { paths } from '../../paths.ts';
import { arrive, say } from '../../sending.ts';
import { countText, numberText } from '../../words.ts';
import { ConfirmedDeed } from '../ConfirmedDeed.tsx';

type Reason = OutboxView['reasons'][number];

/** Effects that one press tries again at most: each is a commit of its own. */
const MOST = 500;

export function ReasonsPanel({ reasons }: { readonly reasons: readonly Reason[] }) {
  const app = useApp();
  if (reasons.length === 0) return null;
  return (
    <section class="panel" aria-label="Reasons">
      <header class="panel-head">
        <h2>Why effects wait</h2>
      </header>
      <ul class="reasons">
        {reasons.map((reason) => (
          <li key={`${reason.type} ${reason.note}`}>
            <span class="reason-count">{numberText(reason.count)} ×</span>
            <span class="reason-note">{reason.note}</span>
            <code class="muted">{reason.type}</code>
            <ConfirmedDeed
              label={reason.count === 1 ? 'Retry now' : `Retry all ${numberText(Math.min(MOST, reason.count))}`}
              about={`Each ${reason.type} that failed with “${reason.note}” is tried again now, not at its own time.`}
              run={(why) => retryAll(app, reason, why)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

async function retryAll(app: App, reason: Reason, why: string): Promise<void> {
  const keys = await keysOf(app, reason);
  let seq = 0;
  for (const key of keys) seq = Math.max(seq, (await app.api.retryEffect({ key, reason: why })).seq);
  await arrive(app, seq);
  say(app, `${countText(keys.length, 'effect')} of ${reason.type} tried again`);
}

/** Asks page by page for what waits and what is stuck: the reasons count more than one page shows. */
async function keysOf({ api }: App, { type, note }: Reason): Promise<readonly string[]> {
  const isMeant = (line: EffectLine) => line.type === type && line.note === note;
  const keys: string[] = [];
  for (const group of ['stuck', 'waiting'] as const) {
    let after: string | undefined;
    do {
      const { lines } = await api.get(paths.outbox(group, after));
      keys.push(...lines.items.filter(isMeant).map(({ key }) => key));
      after = lines.next ?? undefined;
    } while (after !== undefined && keys.length < MOST);
  }
  return keys.slice(0, MOST);
}
