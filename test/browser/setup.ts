/**
 * Without a Chromium the tests in a browser are left out, and that is said where nobody overlooks it: at the very end.
 * With `YARDMASTER_BROWSER=required` in the environment, as in CI, nothing runs without one.
 */
import { findChromium } from './chromium.ts';

const MISSING = [
  '',
  '╭──────────────────────────────────────────────────────────────────────────────╮',
  '│  NOT RUN: the tests in a browser. There is no Chromium here.                 │',
  '│  Install one (apt-get install chromium) or name it in CHROMIUM.              │',
  '╰──────────────────────────────────────────────────────────────────────────────╯',
  '',
].join('\n');

export default function setup(): (() => void) | undefined {
  if (findChromium() !== null) return undefined;
  if (process.env.YARDMASTER_BROWSER === 'required') {
    throw new TypeError(
      'YARDMASTER_BROWSER is "required", and there is no Chromium: install it, or name it in CHROMIUM.',
    );
  }
  // After the summary, which is written before the process ends.
  return () => void process.once('exit', () => process.stderr.write(`${MISSING}\n`));
}
