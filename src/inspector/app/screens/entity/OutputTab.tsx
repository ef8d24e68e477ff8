/** The text of an entity that grows: its last part, and what comes, for as long as it is looked at. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { EntityPage } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { paths } from '../../paths.ts';
import { type Growth, grown } from './growth.ts';

/** As near to the end as this, new lines are followed. px */
const END_PX = 40;

export function OutputTab({ page: { line, texts } }: { readonly page: EntityPage }) {
  const live = texts.find(({ isLive }) => isLive);
  return live ? <GrowingText key={live.label} reference={line.ref} label={live.label} text={live.text} /> : null;
}

type GrowingTextProps = { readonly reference: string; readonly label: string; readonly text: string };

function GrowingText({ reference, label, text }: GrowingTextProps) {
  const { api, openStream } = useApp();
  const growth = useSignal<Growth | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const source = openStream(api.address(paths.growing(reference)));
    source.onmessage = ({ data }) => {
      growth.value = grown(growth.peek(), JSON.parse(data));
      if (growth.peek()?.ending) source.close();
    };
    return () => source.close();
  }, [reference, label]);
  const shown = growth.value?.text ?? text;
  const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
  const isAtEnd = scrollHeight - scrollTop - clientHeight < END_PX;
  useEffect(() => {
    if (isAtEnd && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);
  return (
    <section class="output-tab" aria-label={label}>
      <p class="muted">
        {label}
        {growth.value?.ending ? ` — ${growth.value.ending}` : ''}
      </p>
      <textarea
        class="growing-text"
        ref={box}
        aria-label={label}
        rows={24}
        readOnly
        value={shown === '' ? 'Nothing was printed yet.' : shown}
      />
    </section>
  );
}
