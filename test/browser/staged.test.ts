/** The inspector of a town in the middle of its day, in a real Chromium. */
import { describe } from 'vitest';
import { accessibleTests } from './accessible.ts';
import { keyboardTests } from './keyboard.ts';
import { readableTests } from './readable.ts';
import { hasChromium, stageOf } from './stage.ts';
import { stagedTown } from './staged/town.ts';

describe.skipIf(!hasChromium)('the inspector', { timeout: 90_000 }, () => {
  const stage = stageOf(stagedTown);
  keyboardTests(stage);
  accessibleTests(stage);
  readableTests(stage);
});
