/** The top bar: whose inspector this is, how fresh it is, the totals, what holds the whole back, search, help. */
import { useApp } from '../app.ts';
import { Chip } from '../parts/Chip.tsx';
import { KeyHint } from '../parts/KeyHint.tsx';
import { otherTheme } from '../theme.ts';
import { numberText } from '../words.ts';
import { FreshnessBadge } from './FreshnessBadge.tsx';
import { isNavOpen, overlay } from './overlay.ts';

export function TopBar() {
  const { route, overview, live } = useApp();
  const view = overview.value.value;
  return (
    <header class="top">
      <button
        type="button"
        class="button quiet menu"
        aria-expanded={isNavOpen.value}
        aria-controls="nav"
        onClick={() => {
          isNavOpen.value = !isNavOpen.value;
        }}
      >
        Menu
      </button>
      <a class="name" href={route.href('')}>
        {view?.name ?? 'Inspector'}
      </a>
      <FreshnessBadge />
      <span class="muted seq" title="The position of the log that this page shows">
        seq {numberText(live.seq.value)}
      </span>
      <Totals />
      <span class="chips">
        {view?.chips.map((chip) => (
          <Chip key={chip.ref} chip={chip} />
        ))}
      </span>
      <span class="spring" />
      <Tools />
    </header>
  );
}

function Totals() {
  const { machines } = useApp();
  const shown = machines.value.filter(({ form, total }) => (form === 'grid' || form === 'waves') && total > 0);
  if (shown.length === 0) return null;
  const words = shown.map(({ total, label, plural }) => `${numberText(total)} ${total === 1 ? label : plural}`);
  return <span class="muted totals">{words.join(' · ').toLowerCase()}</span>;
}

function Tools() {
  const { theme } = useApp();
  return (
    <>
      <button
        type="button"
        class="search"
        aria-label="Find an entity, event or state"
        onClick={() => {
          overlay.value = 'palette';
        }}
      >
        <span class="wide">Find an entity, event or state</span>
        <span class="short">Find</span>
        <KeyHint keys="/" />
      </button>
      <button
        type="button"
        class="button quiet theme"
        title="Light or dark"
        aria-label="Change between light and dark"
        onClick={() => {
          theme.value = otherTheme(theme.value);
        }}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.4" />
          <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
        </svg>
      </button>
      <button
        type="button"
        class="button quiet help"
        aria-label="Help: keys"
        onClick={() => {
          overlay.value = 'help';
        }}
      >
        <KeyHint keys="?" />
      </button>
    </>
  );
}
