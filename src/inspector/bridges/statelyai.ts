/** The messages of `@statelyai/inspect` 0.7, as its receivers read them. Each entity is an actor of the whole. */
import type { JsonValue } from '../../core/types.ts';
import type { FeedActor, FeedEvent, FeedListener } from './feed.ts';

const VERSION = '0.7.2';

type Outlet = {
  /** Takes one message as JSON text. */
  readonly send: (text: string) => void;
  /** The name of the whole: the root that all actors belong to. */
  readonly name: string;
  readonly now: () => number;
};

/** `name` stands as the root actor; its children are the entities. */
export function statelyaiListener({ send, name, now }: Outlet): FeedListener {
  const root = { rootId: name, _version: VERSION, id: null };
  const message = (fields: Readonly<Record<string, JsonValue>>, at = now()) =>
    send(JSON.stringify({ ...root, createdAt: String(at), ...fields }));
  const stepped = (actor: FeedActor, { event, by, at }: FeedEvent) => {
    message({ type: '@xstate.event', sessionId: actor.ref, sourceId: by, event }, at);
  };
  message({ type: '@xstate.actor', name, sessionId: name, snapshot: { status: 'active' } });
  return {
    open: (actor) => {
      const definition = JSON.stringify(actor.config);
      message({
        ...{ type: '@xstate.actor', name: actor.ref, sessionId: actor.ref, parentId: name, definition },
        snapshot: snapshotOf(actor),
      });
    },
    step: (actor, happened) => {
      stepped(actor, happened);
      const { event, at } = happened;
      message({ type: '@xstate.snapshot', sessionId: actor.ref, event, snapshot: snapshotOf(actor) }, at);
    },
    refuse: stepped,
    // The last snapshot said that it is done: there is no message for a stop.
    close: () => undefined,
  };
}

function snapshotOf({ value, context, status, rev }: FeedActor): JsonValue {
  return { status, value, context, rev, children: {}, historyValue: {} };
}
