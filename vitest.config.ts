/** Tests: many wait for real processes, so one more worker than cores keeps both busy; none may hang for long. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/**/*.test.{ts,tsx}'], maxWorkers: 3, testTimeout: 60_000, globalSetup: 'test/browser/setup.ts' } });
