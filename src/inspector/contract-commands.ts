/**
 * What people do in the inspector, on the wire: what an event would do, what is sent, and what came of it.
 */
import type { EpochMs, JsonObject, Seq } from '../core/types.ts';

/** What an event would do now; nothing is changed by asking. */
export type PreviewView = {
  readonly ref: string;
  readonly accepted: boolean;
  readonly why: string | null;
  readonly before: string;
  readonly after: string;
  readonly taken: readonly string[];
  readonly timers: readonly { readonly name: string; readonly delayMs: number }[];
  readonly effects: readonly string[];
  readonly sends: readonly { readonly to: string; readonly event: string }[];
};
export type BulkPreview = {
  readonly accept: readonly string[];
  readonly refuse: readonly { readonly ref: string; readonly why: string }[];
};
export type SendBody = { readonly event: string; readonly payload?: JsonObject; readonly reason?: string };
export type SendAnswer = { readonly seq: Seq; readonly ref: string; readonly at: EpochMs; readonly state: string };
export type BulkAnswer = {
  readonly sent: readonly SendAnswer[];
  readonly refused: readonly { readonly ref: string; readonly why: string }[];
};

/** A retry of an effect, or a timer that is fired now: asked for by a person. */
export type FireBody = { readonly ref: string; readonly id: string; readonly reason?: string };
export type RetryBody = { readonly key: string; readonly reason?: string };
/** Tries every effect again that waits or was given up with these words, at most 500. */
export type BulkRetryBody = { readonly type: string; readonly note: string; readonly reason?: string };
export type BulkRetryAnswer = {
  readonly retried: readonly SendAnswer[];
  readonly refused: readonly { readonly key: string; readonly why: string }[];
  /** False: there are more of them. */
  readonly isAll: boolean;
};
/** A bulk preview or send: at most 500 entities of one machine. */
export type BulkBody = SendBody & { readonly refs: readonly string[] };
