/**
 * Capabilities of runs: a token is derived from the town's key and the run's epoch, so nothing about it is stored, a
 * restart changes nothing, and a token of another agent or an older epoch is simply another token.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Refused } from '../core/errors.ts';
import { readOrMake } from './secret-file.ts';

const KEY_BYTES = 32;

export type Capabilities = {
  token(run: { agent: string; epoch: number }): string;
  matches(run: { agent: string; epoch: number }, token: string): boolean;
  /** The token of a runner: opens the door for runners of this id, and no other. */
  runnerToken(id: string): string;
  matchesRunner(id: string, token: string): boolean;
};

/** The key of a town: 256 bits in a file that only its owner may read; made when it is not there. */
export function loadCapabilities(file: string): Capabilities {
  const key = loadKey(file);
  const token = ({ agent, epoch }: { agent: string; epoch: number }) =>
    `ymr_${createHmac('sha256', key).update(`${agent}\n${epoch}`).digest('base64url')}`;
  // No agent's name begins with a line feed: no run has the token of a runner.
  const runnerToken = (id: string) => `ymh_${createHmac('sha256', key).update(`\nrunner\n${id}`).digest('base64url')}`;
  return {
    token,
    matches: (run, given) => timingSafeEqual(digest(key, token(run)), digest(key, given)),
    runnerToken,
    matchesRunner: (id, given) => timingSafeEqual(digest(key, runnerToken(id)), digest(key, given)),
  };
}

/** Both sides through one keyed hash: equal lengths, and nothing to learn from the time it takes. */
function digest(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function loadKey(file: string): Buffer {
  const key = Buffer.from(
    readOrMake(file, () => randomBytes(KEY_BYTES).toString('hex')),
    'hex',
  );
  if (key.length === KEY_BYTES) return key;
  throw new Refused('invalid', `${file} holds no key of ${KEY_BYTES} bytes: remove it, and the town makes a new one`);
}
