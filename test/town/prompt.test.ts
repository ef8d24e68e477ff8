import { describe, expect, it } from 'vitest';
import { promptOf } from '../../src/town/prompt.ts';
import { SECOND, world } from './world.ts';

const facts = { bead: 'b1', title: 'One', body: 'Do one.\n', branch: 'main', reports: false, handover: null };

describe('a prompt', () => {
  it('begins with the title and the text, and tells where to work', () => {
    const prompt = promptOf(facts);
    expect(prompt.startsWith('# One\n\nDo one.\n\nBead: b1\n')).toBe(true);
    expect(prompt).toContain('commit what you do for main');
    expect(prompt).not.toContain('YARDMASTER_TOKEN');
  });

  it('tells how to report where there is somebody to report to', () => {
    expect(promptOf({ ...facts, reports: true })).toContain('yardmaster call done');
    expect(promptOf(facts)).not.toContain('yardmaster call');
  });

  it('ends with what is told of the run before, which a driver may say in its place', () => {
    expect(promptOf({ ...facts, handover: '### The attempt before\nIt was tired.\n' })).toBe(
      `${promptOf(facts)}\n### The attempt before\nIt was tired.\n`,
    );
  });
});

describe('the prompt of a bead whose work was not taken', () => {
  it('says why, although the run itself had ended well', async () => {
    await using w = await world();
    w.integrator.onMerge = async () => ({ kind: 'tests_failed', code: 1, tail: 'expected 3, received 4' });
    await w.env.until(w.container.beat(w.latest()));
    await w.env.until(w.container.exit(w.latest(), 0));
    // A start that fails in between says nothing about the work.
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.pass(31 * SECOND);
    w.container.onStart = async () => w.container.accepts();
    await w.pass(31 * SECOND);
    expect(w.latest().prompt).toContain('tests failed on the merge result (exit code 1)');
    expect(w.latest().prompt).toContain('expected 3, received 4');
    expect(w.latest().prompt).not.toContain('no slot');
    expect(w.latest().env.YARDMASTER_ATTEMPT).toBe('3');
  });
});
