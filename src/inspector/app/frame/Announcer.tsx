/** The one live region for what happens by itself: says only what needs a person, at most every five seconds. */
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app.ts';

const QUIET_MS = 5000;

export function Announcer() {
  const { overview } = useApp();
  const view = overview.value.value;
  const sentence = view && view.needsYou.total > 0 ? view.sentence : '';
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSaid(sentence), QUIET_MS);
    return () => clearTimeout(timer);
  }, [sentence]);
  return (
    <div class="unseen" aria-live="polite">
      {said}
    </div>
  );
}
