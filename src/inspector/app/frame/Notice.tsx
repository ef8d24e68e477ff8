/** What was done last, for a few seconds at the foot of the page. Failures stay until they are closed. */
import { useEffect } from 'preact/hooks';
import { useApp } from '../app.ts';
import { Mark } from '../parts/Mark.tsx';

const SHOWN_MS = 6000;

export function Notice() {
  const { notice } = useApp();
  const shown = notice.value;
  useEffect(() => {
    if (shown === null || shown.tone === 'danger') return;
    const timer = setTimeout(() => {
      notice.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {shown !== null && (
        <div class={`notice tone-${shown.tone}`}>
          <Mark tone={shown.tone} />
          <span>{shown.text}</span>
          <button
            type="button"
            class="button small quiet"
            onClick={() => {
              notice.value = null;
            }}
          >
            Close
          </button>
        </div>
      )}
    </div>
  );
}
