/**
 * The tests in a browser, and nothing else: `npm run test:browser [-- --full] [pace]`, where `pace` names one of their
 * files and `--full` takes the largest database. Fails where there is no Chromium.
 */
import { spawnSync } from 'node:child_process';

const words = process.argv.slice(2);
const size = words.includes('--full') ? { YARDMASTER_BROWSER_SIZE: 'full' } : {};
const files = words.filter((word) => !word.startsWith('--')).map((word) => `test/browser/${word}`);
const { status } = spawnSync('npx', ['vitest', 'run', ...(files.length > 0 ? files : ['test/browser/'])], {
  stdio: 'inherit',
  env: { ...process.env, YARDMASTER_BROWSER: 'required', ...size },
});
process.exit(status ?? 1);
