/** The same failure of many, counted: "42 × container is starting", with one button for all of them. */
import type { OutboxView } from '../../../contract.ts';
import { type App, useApp } from '../../app.ts';
import { arrive, say } from '../../sending.ts';
import { countText, numberText } from '../../words.ts';
import { ConfirmedDeed } from '../ConfirmedDeed.tsx';

type Reason = OutboxView['reasons'][number];

/** Effects that the server tries again at most for one press. */
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

async function retryAll(app: App, { type, note }: Reason, reason: string): Promise<void> {
  const { retried, refused, isAll } = await app.api.retryEffects({ type, note, reason });
  await arrive(app, Math.max(0, ...retried.map(({ seq }) => seq)));
  const others = refused.length === 0 ? '' : `, ${refused.length} refused`;
  const more = isAll ? '' : '; there are more of them';
  say(app, `${countText(retried.length, 'effect')} of ${type} tried again${others}${more}`);
}
