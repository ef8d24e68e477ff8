/** The oracles themselves: each is shown the log of a town with the fault that it is there for, and says so. */
import { describe, expect, it } from 'vitest';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { Coverage } from '../../src/simulator/coverage.ts';
import { Findings } from '../../src/simulator/findings.ts';
import { History } from '../../src/simulator/history.ts';
import { Truth } from '../../src/simulator/world.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { LogRow, Reads } from '../../src/store/port.ts';

type Row = Partial<LogRow> & { readonly of: string };

/** What the oracles say to these rows, each a commit of its own unless they share `commit`. */
function say(rows: readonly Row[], { together = false, truth = new Truth() } = {}): string[] {
  const findings = new Findings(() => 0);
  const history = new History({ findings, coverage: new Coverage(), truth });
  const log = rows.map(({ of, ...row }, index): LogRow => {
    const [machine = '', id = ''] = of.split('/');
    const event = { type: 'X' };
    const rest = { by: 'test', cause: null, taken: [], definition: 1, rejected: null, before: '', after: '' };
    return { ...rest, event, at: 1_000 + index, ...row, seq: index + 1, entity: { machine, id } };
  });
  const reads = (upTo: number): Reads => ({
    ...openMemory({ env: createSimulatedEnv({ seed: 1 }) }).read,
    log: (_, { from = 0 }) => log.filter(({ seq }) => seq > from && seq <= upTo),
  });
  if (together) history.take(reads(log.length));
  else for (const { seq } of log) history.take(reads(seq));
  return [...new Set(findings.violations.map(({ property }) => property))].sort();
}

const dispatch = (epoch: number, agent = 'p1', bead = 'b1'): Row[] => [
  {
    of: `bead/${bead}`,
    event: { type: 'DISPATCH', agent, epoch },
    before: 'open.ready',
    after: 'in_progress.starting',
  },
  { of: 'breaker/town', event: { type: 'DISPATCHED', epoch }, before: 'closed.available', after: 'closed.available' },
  { of: `agent/${agent}`, event: { type: 'ASSIGN', epoch, bead }, before: 'idle.ready', after: 'working.dispatching' },
];

describe('what no row may say', () => {
  it('nothing, of a dispatch as it should be', () => {
    expect(say(dispatch(1), { together: true })).toEqual([]);
  });

  it('P2, P4: two agents on one bead', () => {
    expect(say([...dispatch(1), ...dispatch(2, 'p2')], { together: true })).toEqual(['P2', 'P4']);
  });

  it('P4: a bead in progress with nobody', () => {
    const rows = [...dispatch(1), { of: 'agent/p1', before: 'working.dispatching', after: 'idle.ready' }];
    expect(say(rows, { together: true })).toEqual(['P4']);
  });

  it('P6: an old epoch moves an agent', () => {
    const late = { of: 'agent/p1', event: { type: 'EXITED', epoch: 1 }, before: 'idle.ready', after: 'exited.crashed' };
    expect(say([{ of: 'agent/p1', event: { type: 'ASSIGN', epoch: 2, bead: 'b1' } }, late])).toEqual(['P6']);
  });

  it('P7: a heartbeat does not restore, or is turned away', () => {
    const born = { of: 'agent/p1', event: { type: 'ASSIGN', epoch: 1, bead: 'b1' } };
    const beat = { of: 'agent/p1', event: { type: 'HEARTBEAT', epoch: 1 }, before: 'working.suspect.doubted.asking' };
    expect(say([born, { ...beat, after: 'working.suspect.doubted.waiting' }])).toContain('P7');
    expect(say([born, { ...beat, after: beat.before, rejected: 'conflict' }])).toContain('P7');
    expect(say([born, { ...beat, after: beat.before, rejected: 'stale', event: { ...beat.event, epoch: 0 } }])).toEqual(
      [],
    );
  });

  it('P8: done without closing', () => {
    const done = { of: 'agent/p1', event: { type: 'DONE', epoch: 1 }, before: 'working.running.active' };
    const rows = [...dispatch(1), { ...done, after: 'exited.completed' }];
    expect(say(rows, { together: true })).toContain('P8');
  });

  it('P12: a closed bead opens, a failed one without a person', () => {
    expect(say([{ of: 'bead/b1', before: 'closed.merged', after: 'open.ready' }])).toEqual(['P12']);
    expect(say([{ of: 'bead/b1', before: 'failed.gaveUp', after: 'open.ready' }])).toEqual(['P12']);
    const reopened = { of: 'bead/b1', event: { type: 'REOPEN' }, before: 'failed.gaveUp', after: 'open.ready' };
    expect(say([reopened])).toEqual([]);
  });

  it('P13: a quarantine ends by a timer', () => {
    const event = { type: 'xstate.after.backoff.agent' };
    expect(say([{ of: 'agent/p1', event, before: 'idle.quarantined', after: 'idle.ready' }])).toEqual(['P13']);
  });

  it('P14, P15: unknown is taken for no, no for yes', () => {
    const params = { epoch: 0 };
    const unanswered = { type: 'effect.startRun.unanswered', params };
    const before = 'working.dispatching';
    expect(say([{ of: 'agent/p1', event: unanswered, before, after: 'idle.cooldown' }])).toEqual(['P14']);
    const refused = { type: 'effect.startRun.refused', params };
    expect(say([{ of: 'agent/p1', event: refused, before, after: 'working.starting' }])).toEqual(['P15']);
  });

  it('P17: work begins before what it depends on is closed', () => {
    const findings = new Findings(() => 0);
    const history = new History({ findings, coverage: new Coverage(), truth: new Truth() });
    history.roster.bead('b1').dependsOn = ['b0'];
    const rows = dispatch(1).map(({ of, ...row }, index) => {
      const [machine = '', id = ''] = of.split('/');
      const rest = { at: 1, by: '', cause: null, taken: [], definition: 1, rejected: null, event: { type: 'X' } };
      return { ...rest, before: '', after: '', ...row, seq: index + 1, entity: { machine, id } };
    });
    history.take({ log: () => rows } as unknown as Reads);
    expect(findings.violations.map(({ property }) => property)).toEqual(['P17']);
  });

  it('P27, P28: more dispatches and paid runs than a bead may have', () => {
    const rows = Array.from({ length: 13 }, (_, index) => dispatch(index + 1)).flat();
    expect(say(rows)).toContain('P27');
    const started = Array.from({ length: 23 }, (_, epoch) => ({
      of: 'bead/b1',
      event: { type: 'RUN.STARTED', epoch },
    }));
    expect(say(started)).toEqual(['P28']);
  });

  it('P33: a dispatch past the breaker, or through an open one', () => {
    expect(say([dispatch(1)[0] as Row])).toContain('P33');
    const through = { of: 'breaker/town', event: { type: 'DISPATCHED', epoch: 1 }, before: 'open', after: 'open' };
    expect(say([through])).toEqual(['P33']);
  });

  it('P42: time goes back', () => {
    expect(
      say([
        { of: 'agent/p1', at: 9 },
        { of: 'agent/p1', at: 8 },
      ]),
    ).toEqual(['P42']);
  });

  it('closed without work, merged without a merge', () => {
    const truth = new Truth();
    const closed = { of: 'bead/b1', before: 'in_progress.inReview.merging', after: 'closed.merged' };
    expect(say([closed], { truth })).toEqual(['truth.closed']);
    truth.finished.add('b1');
    expect(say([closed], { truth })).toEqual(['truth.closed']);
    truth.merged.set('b1', new Map([['head', 'commit']]));
    expect(say([closed], { truth })).toEqual([]);
  });
});
