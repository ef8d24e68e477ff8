/**
 * The public surface of Yardmaster: the durable statechart engine, and the town that runs on it.
 * Each group below is a room of its own; `docs/ARCHITECTURE.md` shows how they stand on each other.
 */

export { townMachines } from '../machines/index.ts';
export { defaultPolicy, type Policy, type PolicyPatch, policySchema } from '../machines/policy.ts';
export type { RigConfig, RigRuntime } from '../machines/vocabulary.ts';
export { parseCommand } from './agents/command.ts';
export { createIntegrator } from './agents/integrator.ts';
export { createLocalContainer } from './agents/local.ts';
export type {
  AgentCommand,
  Container,
  Evidence,
  Integrator,
  MergeOutcome,
  Readiness,
  RunProfile,
  RunReport,
  RunSpec,
  StartOutcome,
} from './agents/port.ts';
export { createPolicyCheck } from './check/approval.ts';
// Charts: what a machine looks like, from the machine itself.
export { type Chart, chart } from './core/chart.ts';
export { type DefineOptions, type Definition, define } from './core/define.ts';
export { Bug, type RefusalCode, Refused, Retryable, Terminal } from './core/errors.ts';
export { mermaid } from './core/mermaid.ts';
export { outline } from './core/outline.ts';
export type {
  EffectOutcome,
  EngineEvent,
  EntityRef,
  Envelope,
  EpochMs,
  JsonObject,
  JsonValue,
  Receipt,
  Seq,
} from './core/types.ts';
// The engine: any XState v5 machine, made durable.
export { type Batch, createEngine, type Engine, type EngineOptions, type SendOptions } from './engine/engine.ts';
export type { EntityView as EngineEntityView } from './engine/view.ts';
// Places and times: the ports and their implementations.
export type { Alarm, Clock, Env } from './env/env.ts';
export { createSimulatedEnv, type SimulatedEnv } from './env/simulated.ts';
export { createSystemEnv } from './env/system.ts';
// HTTP: the control endpoints.
export { createApp } from './http/app.ts';
export { serveTown } from './http/serve.ts';
// The inspector: pages over any engine, and WebSockets for XState's own inspectors.
export { type InspectorSocketOptions, inspectorSockets } from './inspector/bridges/engine-sockets.ts';
export { type InspectorOptions, inspector } from './inspector/mount.ts';
export type { ActionDescription, MachineDescription, Subject } from './inspector/source.ts';
export type { EffectCall, EffectHandler } from './scheduler/effect-handler.ts';
export { openMemory } from './store/memory.ts';
export type { LogRow, Store } from './store/port.ts';
export { openSqlite, openSqliteReadOnly, type ReadOnlyStore } from './store/sqlite.ts';
export type {
  AttemptView,
  BeadInput,
  ContainerStatus,
  EntityView,
  Town,
  TownStatus,
  VerifyReport,
  Why,
  WhyCondition,
} from './town/api.ts';
export type { Place, PolicyCheck, PolicyProblem, TownOptions } from './town/options.ts';
// The town: agents, beads, and the hands that run them.
export { createTown } from './town/town.ts';
