/** Figures for Prometheus, in its text format. */
import { memoryUsage } from 'node:process';
import type { EffectStatus } from '../../store/port.ts';
import type { Town } from '../../town/api.ts';
import { type Api, type ApiParts, describeRoute } from '../api.ts';
import { type Metric, metricsText } from '../metrics-text.ts';

/** What is counted one by one is counted so far only. */
const COUNT_MAX = 500;
const outboxStatuses: readonly EffectStatus[] = ['pending', 'inflight', 'dead'];

type Counted = { commits: number; events: number; rejected: number };

export function metricRoutes(api: Api, { town, env, gates, closing }: ApiParts): void {
  const counted: Counted = { commits: 0, events: 0, rejected: 0 };
  const unwatch = town.watch((rows) => {
    counted.commits += 1;
    for (const row of rows) counted[row.rejected === null ? 'events' : 'rejected'] += 1;
  });
  closing.addEventListener('abort', unwatch, { once: true });

  const route = describeRoute({
    ...{ method: 'get', path: '/metrics', summary: 'Shows figures in the Prometheus text format', tag: 'health' },
    ...{ gate: gates.operator, answer: 'text/plain' },
  });
  api.openapi(route, (context) => {
    context.header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    const metrics = [...ofTown(town), ...ofScheduler(town, env.clock.now()), ...ofProcess(counted)];
    return context.body(metricsText(metrics));
  });
}

function ofTown(town: Town): readonly Metric[] {
  const { counts, breaker, seq, escalations, health } = town.status();
  const entities = Object.entries(counts).flatMap(([machine, states]) =>
    Object.entries(states).map(([state, value]) => ({ labels: { machine, state }, value })),
  );
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    help,
    type: 'gauge',
    samples: [{ value }],
  });
  return [
    { name: 'yardmaster_entities', help: 'Entities in each state.', type: 'gauge', samples: entities },
    {
      name: 'yardmaster_breaker',
      help: '1 for the state of the circuit breaker.',
      type: 'gauge',
      samples: [{ labels: { state: breaker.state }, value: 1 }],
    },
    gauge('yardmaster_log_seq', 'Position of the last row of the log.', seq),
    gauge('yardmaster_escalations_open', 'Escalations that wait for a person.', escalations.length),
    gauge('yardmaster_healthy', '1 while the town works, 0 when it is degraded.', health.ok ? 1 : 0),
  ];
}

function ofScheduler(town: Town, now: number): readonly Metric[] {
  const overdue = town.timers({ limit: COUNT_MAX }).items.filter(({ dueAt }) => dueAt < now).length;
  return [
    {
      name: 'yardmaster_timers_overdue',
      help: `Timers that should have rung, counted up to ${COUNT_MAX}.`,
      type: 'gauge',
      samples: [{ value: overdue }],
    },
    {
      name: 'yardmaster_outbox',
      help: `Effects that are not settled, or died, counted up to ${COUNT_MAX} each.`,
      type: 'gauge',
      samples: outboxStatuses.map((status) => ({
        labels: { status },
        value: town.outbox({ status, limit: COUNT_MAX }).items.length,
      })),
    },
  ];
}

function ofProcess({ commits, events, rejected }: Counted): readonly Metric[] {
  const { rss, heapUsed } = memoryUsage();
  const one = (name: string, help: string, value: number) => ({ name, help, samples: [{ value }] });
  return [
    { ...one('yardmaster_commits_total', 'Commits since the server was started.', commits), type: 'counter' },
    { ...one('yardmaster_events_total', 'Events taken since the server was started.', events), type: 'counter' },
    { ...one('yardmaster_events_rejected_total', 'Events rejected since then.', rejected), type: 'counter' },
    { ...one('process_resident_memory_bytes', 'Memory that the process holds.', rss), type: 'gauge' },
    { ...one('yardmaster_heap_used_bytes', 'Memory that its objects use.', heapUsed), type: 'gauge' },
  ];
}
