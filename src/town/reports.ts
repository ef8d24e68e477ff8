/**
 * What a container reports, as events to the agents it is about. A report is acknowledged when the town has it, or
 * will never want it; what is of an epoch that was replaced ends the run that sent it.
 */
import type { Container, RunReport } from '../agents/port.ts';
import { coerceError, type RefusalCode, Refused } from '../core/errors.ts';
import type { EngineEvent } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import type { Parties } from './parties.ts';

/**
 * Why a run that speaks is nobody's: its agent has another epoch, is not there or not readable, or its bead has not.
 */
const ZOMBIE: readonly RefusalCode[] = ['stale_epoch', 'unknown_entity', 'quarantined', 'conflict'];

export type ReportParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'deliver'>;
  readonly parties: Parties;
  readonly graceMs: () => number;
};

/** Takes the reports of a container until it is closed. A rejection makes the container report again. */
export function listen(parts: ReportParts, container: Container): void {
  container.onReport(async (report) => {
    await proveContainer(parts, container, report);
    await takeReport(parts, container, report);
  });
}

function eventOf(report: RunReport): EngineEvent {
  const { epoch, incarnation } = report;
  if (report.kind === 'heartbeat') {
    return { type: 'HEARTBEAT', epoch, incarnation, ...(report.active ? { active: true } : {}) };
  }
  const { code, signal, evidence, tail } = report;
  return { type: 'EXITED', epoch, incarnation, code, signal, evidence: evidence && { ...evidence }, tail };
}

/** A report is proof that its container lives. */
async function proveContainer({ engine, parties }: ReportParts, { id }: Container, report: RunReport): Promise<void> {
  const party = parties.find('container', id);
  const known = party?.context.incarnation === report.incarnation;
  if (!party || (known && /^(up\.|draining|stopping)/.test(party.state))) return;
  const event = { type: 'SEEN', incarnation: report.incarnation };
  await ignoringRefusal(engine.deliver({ to: party.ref, event, by: `container/${id}` }));
}

async function takeReport(parts: ReportParts, container: Container, report: RunReport): Promise<void> {
  const { agent, epoch } = report;
  const to = { machine: 'agent', id: agent };
  const refusal = await ignoringRefusal(
    parts.engine.deliver({ to, event: eventOf(report), by: `container/${container.id}` }),
  );
  if (!refusal || !ZOMBIE.includes(refusal.code) || report.kind === 'exited') return;
  parts.env.log('warn', `${agent} of epoch ${epoch} is waited for by nobody and still runs: it is ended`, {
    ...{ agent, epoch, code: refusal.code },
  });
  await container.stop({ agent, epoch, graceMs: parts.graceMs() });
}

async function ignoringRefusal(delivery: Promise<unknown>): Promise<Refused | null> {
  try {
    await delivery;
    return null;
  } catch (thrown) {
    const error = coerceError(thrown);
    if (error instanceof Refused) return error;
    throw error;
  }
}
