/** The tests in a browser, and nothing else; with `--full` on the largest database. Fails where there is no Chromium. */
import { spawnSync } from 'node:child_process';

const [full, rest] = [process.argv.includes('--full'), process.argv.slice(2).filter((word) => word !== '--full')];
const { status } = spawnSync('npx', ['vitest', 'run', 'test/browser', ...rest], {
  stdio: 'inherit',
  env: { ...process.env, YARDMASTER_BROWSER: 'required', ...(full ? { YARDMASTER_BROWSER_SIZE: 'full' } : {}) },
});
process.exit(status ?? 1);
