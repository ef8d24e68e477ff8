/**
 * Tests: many wait for real processes, so one more worker than cores keeps both busy; none may hang for long.
 *
 * What most of them need is loaded once for each worker, because loading took half of their time. Files that start
 * processes or replace modules have a worker's memory for themselves.
 */
import { defineConfig } from 'vitest/config';

const SHARING = [
  ...['callbacks', 'check', 'core', 'drivers', 'engine', 'golden', 'http', 'incidents', 'machines'],
  ...['scheduler', 'simulator', 'store', 'town'],
];
const LONERS = ['test/simulator/saved.test.ts', 'test/town/profiles.test.ts', 'test/town/real.test.ts'];

const sharing = SHARING.map((folder) => `test/${folder}/**/*.test.{ts,tsx}`);
const others = [`test/!(${SHARING.join('|')})/**/*.test.{ts,tsx}`, 'test/*.test.ts', ...LONERS];

export default defineConfig({
  test: {
    maxWorkers: 3,
    testTimeout: 60_000,
    globalSetup: 'test/browser/setup.ts',
    projects: [
      { extends: true, test: { name: 'sharing', include: sharing, exclude: LONERS, isolate: false } },
      { extends: true, test: { name: 'alone', include: others } },
    ],
  },
});
