/** The inspector of a town in the middle of its day, in a real Chromium: walked by keys, and read. */
import { describe } from 'vitest';
import { keyboardTests } from './keyboard.ts';
import { readableTests } from './readable.ts';
import { hasChromium, stageOf } from './stage.ts';
import { stagedTown } from './staged/town.ts';

describe.skipIf(!hasChromium)('the inspector', { timeout: 90_000 }, () => {
  const stage = stageOf(stagedTown);
  keyboardTests(stage);
  readableTests(stage);
});
