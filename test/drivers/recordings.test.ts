/**
 * Every driver against what the real runtimes really said, recorded by `npm run test:agents -- --record`. The same
 * cases decide as there; see `docs/RUNTIMES.md` for what maps to what.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunRequest } from '../../src/drivers/port.ts';
import { drivers } from '../../src/drivers/registry.ts';
import { GOOD_KEY } from '../gateway/replies.ts';
import { CASES, type Case, differs, isFor } from './real/cases.ts';
import { GOOD, profileOf, RUNTIMES } from './real/runtimes.ts';
import { Replay, readRecording } from './replay.ts';
import { VirtualHost } from './virtual-host.ts';

const folder = new URL('./recordings/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));

const TOKEN = 'run-secret-token-0123';

function requestOf(runtime: (typeof RUNTIMES)[number], each: Case): RunRequest {
  const profile = profileOf(runtime, '/programs/runtime', { url: 'http://gateway.test', ...GOOD, ...each.parts });
  return {
    profile: { ...profile, limits: { ...profile.limits, ...each.limits } },
    directory: '/town/worktree',
    home: '/town/home',
    title: 'Make it',
    prompt: 'Make the file made.txt and commit it.',
    earlier: null,
    mcp: { url: 'http://town.test/mcp', token: TOKEN },
  };
}

for (const runtime of RUNTIMES) {
  describe(runtime.name, () => {
    for (const each of CASES) {
      const name = `${runtime.name}-${each.name}`.replaceAll(/\W+/g, '-');
      if (!names.includes(`${name}.jsonl`)) continue;
      it(each.name, async () => {
        const host = new VirtualHost();
        const stop = new AbortController();
        // A person who says yes to everything.
        host.onWaiting = (id) => host.say({ kind: 'answer', id, allow: true, text: 'That' });
        new Replay(host, readRecording(new URL(`${name}.jsonl`, folder)), () => stop.abort());
        const ended = await host.until(drivers[runtime.driver].run(requestOf(runtime, each), host, stop.signal));
        const has = (wanted: string) => host.events.some(({ kind }) => kind === wanted);
        const seen = { throttled: has('throttled'), asked: has('waiting'), commits: 1, left: 0 };
        expect(differs(runtime.name, each, { ended, ...seen })).toBeNull();
        expect(host.ended()).toEqual({ kind: 'ended', ...ended });
        const told = JSON.stringify([host.events, host.logged]);
        expect(told).not.toContain(GOOD_KEY);
        expect(told).not.toContain(TOKEN);
      });
    }
  });
}

it('there are recordings of every runtime and case', () => {
  const wanted = RUNTIMES.flatMap((runtime) =>
    CASES.filter((each) => isFor(runtime, each) && each.midway !== 'kill driver').map((each) =>
      `${runtime.name}-${each.name}.jsonl`.replaceAll(/[^\w.]+/g, '-'),
    ),
  );
  expect([...names].sort()).toEqual(wanted.sort());
});
