/**
 * What the API answers, for its OpenAPI document: instants are milliseconds since 1970, entities are `machine/id`.
 */
import { z } from '@hono/zod-openapi';

const at = z.int().describe('milliseconds since 1970');
const seq = z.int().min(0).describe('position in the log');
const json = z.unknown();
const object = z.record(z.string(), json);

export const anyObject = object;

/** RFC 9457. */
export const problem = z
  .looseObject({
    type: z.string().describe('urn:yardmaster:<code>'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
  })
  .openapi('Problem');

export const receipt = z
  .object({ seq, entity: z.string(), at, state: z.string().describe('leaf states joined by a space') })
  .openapi('Receipt');
export const receipts = z.object({ items: z.array(receipt) }).openapi('Receipts');

export const entity = z
  .object({
    ref: z.string(),
    machine: z.string(),
    id: z.string(),
    state: z.string().describe('the top-level state'),
    substate: z.string().describe('the whole path of the active leaf'),
    since: at,
    status: z.enum(['active', 'done', 'error', 'quarantined']),
    rev: z.int(),
    accepts: z.array(z.string()).describe('event types that its state has transitions for; guards may still refuse'),
    context: object,
    createdAt: at,
    updatedAt: at,
  })
  .openapi('Entity');

const attempt = z
  .object({
    epoch: z.int(),
    agent: z.string(),
    bead: z.string(),
    dispatchedAt: at.nullable(),
    startedAt: at.nullable(),
    endedAt: at.nullable(),
    outcome: z.string().nullable(),
    reason: z.string().nullable(),
    tail: z.string().nullable(),
    branch: z.string().nullable(),
    container: z.string().nullable(),
    tokens: z.number(),
    costUsd: z.number(),
  })
  .openapi('Attempt');

export const agent = entity.extend({ attempts: z.array(attempt) }).openapi('Agent');
export const bead = entity.extend({ brief: z.string(), attempts: z.array(attempt) }).openapi('Bead');

const message = z
  .object({
    id: z.string(),
    agent: z.string(),
    bead: z.string(),
    epoch: z.int(),
    text: z.string(),
    by: z.string(),
    at,
    takenAt: at.nullable(),
    state: z.enum(['waiting', 'delivered', 'undelivered', 'handed over']),
  })
  .openapi('Message');
export const messages = z.object({ items: z.array(message) }).openapi('Messages');
export const saidMessage = receipt.extend({ message: message.nullable() }).openapi('SaidMessage');
export const inbox = z.object({ attended: z.boolean(), messages: z.array(message) }).openapi('Inbox');

const event = z.looseObject({ type: z.string() });

export const logRow = z
  .object({
    seq,
    at,
    entity: z.string(),
    event,
    by: z.string(),
    cause: seq.nullable(),
    before: z.string(),
    after: z.string(),
    taken: z.array(z.string()).describe('edges of the chart'),
    rejected: z.string().nullable().describe('why nothing happened'),
    reason: z.string().optional().describe('why, in the words of the person who sent it'),
  })
  .openapi('LogRow');

const timer = z
  .object({
    entity: z.string(),
    id: z.string(),
    name: z.string(),
    dueAt: at,
    leaseUntil: at.nullable(),
    delayMs: z.number(),
    liveness: z.boolean(),
    event,
    setSeq: seq,
  })
  .openapi('Timer');

const effect = z
  .object({
    key: z.string(),
    entity: z.string(),
    type: z.string(),
    params: json,
    status: z.string(),
    attempt: z.int(),
    dueAt: at,
    note: z.string().nullable(),
  })
  .openapi('Effect');

const hosting = {
  agents: z.array(z.string()).describe('whose runs it hosts'),
  connected: z.boolean().nullable().describe('whether somebody who can be reached stands for it'),
};
export const container = entity.extend(hosting).openapi('Container');
const containerStatus = z.object({
  ...{ id: z.string(), state: z.string(), since: at, labels: z.array(z.string()) },
  slots: z.int().nullable().describe('how many runs it hosts at a time; null: any number'),
  ...{ runs: z.int(), ...hosting, incarnation: z.string().nullable(), reason: z.string().nullable() },
});

const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable().describe('cursor of the next page; null at the end') });

export const entities = page(entity).openapi('EntityPage');
export const containers = page(container).openapi('ContainerPage');
export const log = page(logRow).openapi('LogPage');
export const timers = page(timer).openapi('TimerPage');
export const effects = page(effect).openapi('EffectPage');

export const stateAt = z.object({ entity: z.string(), seq, state: z.string(), context: object }).openapi('StateAt');

const condition = z.object({
  condition: z.string(),
  holds: z.boolean(),
  inputs: object,
  nextAt: at.nullable(),
  waitsFor: z.string().nullable(),
});
export const why = z
  .object({ entity: z.string(), state: z.string(), since: at, answer: z.string(), conditions: z.array(condition) })
  .openapi('Why');

export const townStatus = z
  .object({
    name: z.string(),
    now: at,
    seq,
    breaker: z.object({ state: z.string(), reason: z.string().nullable() }),
    counts: z.record(z.string(), z.record(z.string(), z.int())),
    working: z.array(object),
    containers: z.array(containerStatus),
    rigs: z.array(
      z.object({
        id: z.string(),
        state: z.string().describe('active, paused, or blocked.… and unready.… when its agents can not start'),
        since: at,
        reason: z.string().nullable(),
        runtime: z.string().nullable().describe('what is driven, in a few words; null: a command of its own'),
        nextLookAt: at.nullable().describe('when it is looked at again by itself'),
      }),
    ),
    escalations: z.array(object),
    health: z.object({ ok: z.boolean(), degraded: z.string().nullable() }),
    isolation: z.object({ available: z.boolean(), reason: z.string().nullable() }).nullable(),
  })
  .openapi('TownStatus');

export const runtime = z.object({ runtime: object.nullable() }).openapi('SharedRuntime');

export const health = z.object({ status: z.string(), degraded: z.string().nullable() }).openapi('Health');
