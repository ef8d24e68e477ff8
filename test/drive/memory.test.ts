/** What becomes of a conversation when its bead is worked on again: it goes on, or a new one has the handover. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DriveOptions, drive } from '../../src/drive/drive.ts';
import type { Ended, Profile, RunRequest } from '../../src/drivers/port.ts';
import { firstPrompt } from '../../src/drivers/prompts.ts';
import { createSystemEnv } from '../../src/env/system.ts';

const env = createSystemEnv({ log: () => undefined });
const HANDOVER = '### The attempt before\nIt was tired.\n\n### What it noted\n    - half of it\n';
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'yardmaster-memory-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const completed: Ended = { outcome: 'completed', tail: '' };
const failed = (failure: 'transient' | 'work' | 'permanent', reason = 'gone'): Ended => {
  return { outcome: 'failed', failure, reason, tail: '' };
};

type Given = Partial<DriveOptions> & { name?: 'kilo' | 'codex'; model?: string; end?: Ended; session?: string };

/** A run of a bead, whose runtime names its conversation and ends; what it was asked for. */
async function run(given: Given = {}): Promise<RunRequest> {
  const { name = 'kilo', model = null, end = failed('transient'), session, epoch = 1, ...rest } = given;
  const asked: RunRequest[] = [];
  const profile = { driver: name, program: [], model } as unknown as Profile;
  const handover = epoch === 1 ? '' : HANDOVER;
  await drive({
    ...{ env, epoch, bead: 'b1', handover, previousEpoch: epoch === 1 ? null : epoch - 1 },
    driver: {
      name,
      probe: async () => ({ ready: true, version: '1', notes: [] }),
      async run(request, host) {
        asked.push(request);
        host.emit({ kind: 'session', id: session ?? request.earlier?.session ?? `s${epoch}` });
        return end;
      },
    },
    ...{ environment: {}, since: 'main', town: null, write: () => undefined, signal: new AbortController().signal },
    request: {
      ...{ profile, home, directory: '/work/b1', title: 'One', mcp: null },
      prompt: `Do one.\n\n${handover}`,
    },
    ...rest,
  });
  const [request] = asked;
  if (!request) throw new Error('nothing was run');
  return request;
}

const sessionOf = async (given: Given) => (await run(given)).earlier?.session ?? null;

describe('the next run of a bead', () => {
  it('goes on with the conversation, and is told only what that does not know', async () => {
    expect((await run()).earlier).toBeNull();
    const next = await run({ epoch: 2 });
    expect(next).toMatchObject({ prompt: 'Do one.', earlier: { session: 's1' } });
    expect(firstPrompt(next, true)).toMatch(/^### The attempt before\nIt was tired.\n\nGo on from there\./);
    expect(firstPrompt(next, true)).not.toContain('half of it');
    // The runtime may have lost it: then everything is said.
    expect(firstPrompt(next, false)).toBe(`Do one.\n\n${HANDOVER.trim()}`);
  });

  it('is told everything when its conversation is of an older run, and where it works now', async () => {
    await run();
    const next = await run({ epoch: 4 });
    expect(firstPrompt(next, true)).toContain('half of it');
    await run({ epoch: 5 });
    const moved = await run({ epoch: 6, request: { ...next, directory: '/work/b1-6' } });
    expect(moved.earlier?.news).toContain('another folder now: /work/b1-6');
  });

  it('begins anew with another runtime, another model, or another bead', async () => {
    await run();
    expect(await sessionOf({ epoch: 2, name: 'codex' })).toBeNull();
    await run();
    expect(await sessionOf({ epoch: 2, model: 'other' })).toBeNull();
    await run();
    expect(await sessionOf({ epoch: 2, bead: 'b2' })).toBeNull();
    expect(await sessionOf({ epoch: 2 })).toBe('s1');
  });

  it('begins anew when the conversation would only end as before', async () => {
    const tooLong = 'status 400: prompt is too long: 213000 tokens > 200000 maximum';
    for (const end of [failed('work', 'the agent stopped without work'), failed('transient', tooLong)]) {
      await run({ end });
      expect(await sessionOf({ epoch: 2 })).toBeNull();
    }
    // What was said has no part in a wrong key, a stop or an end.
    for (const end of [failed('permanent', 'status 401'), { outcome: 'stopped', tail: '' } as const, completed]) {
      await run({ end, session: 'good' });
      expect(await sessionOf({ epoch: 2 })).toBe('good');
    }
  });

  it('goes on after one failure, and begins anew after two in a row', async () => {
    await run({ epoch: 1 });
    expect(await sessionOf({ epoch: 2 })).toBe('s1');
    const third = await run({ epoch: 3 });
    expect(third.earlier).toMatchObject({ session: null, handover: HANDOVER.trim() });
    expect(await sessionOf({ epoch: 4 })).toBe('s3');
  });

  it('begins anew when what was kept can not be read', async () => {
    await run();
    writeFileSync(join(home, 'conversations', 'b1.json'), '{"session": "s1"');
    expect(await sessionOf({ epoch: 2 })).toBeNull();
  });
});

it('a driver that takes up its own run goes on, however it stood', async () => {
  await run({ end: failed('work') });
  expect(await sessionOf({ epoch: 1 })).toBe('s1');
});
