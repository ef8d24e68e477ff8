/**
 * What stops a session until somebody answers: permissions and questions, which the profile's policy or a person
 * answers, and the runtime's own "network is gone" gate, which it never leaves by itself.
 */
import { pause } from '../deadline.ts';
import { shorten } from '../failures.ts';
import type { DriverHost, PersonInput } from '../host.ts';
import { listAt, textAt } from '../json.ts';
import type { Profile } from '../port.ts';
import type { Watch } from '../watch.ts';
import type { ServeClient } from './client.ts';

type Kind = 'permission' | 'question';

/** Before the runtime is told to try its network again. */
const networkPauseMs = 2_000;

export class Gates {
  readonly #place: { host: DriverHost; client: ServeClient; watch: Watch; profile: Profile };
  readonly #open = new Map<string, Kind>();
  #networkTries = 0;

  constructor(place: { host: DriverHost; client: ServeClient; watch: Watch; profile: Profile }) {
    this.#place = place;
  }

  /** Something that the session asks, from an event or from a list. The same id is taken once. */
  asked(kind: Kind, asked: unknown): void {
    const id = textAt(asked, 'id');
    if (id === '' || this.#open.has(id)) return;
    this.#open.set(id, kind);
    const { profile, watch } = this.#place;
    if (profile.permissions === 'ask') {
      watch.emit({
        kind: 'waiting',
        id,
        question: kind === 'permission' ? permissionText(asked) : questionText(asked),
      });
      return;
    }
    this.#answer(id, { allow: profile.permissions === 'allow' && kind === 'permission', text: '' });
  }

  /** It was answered by us or elsewhere. */
  closed(id: string): void {
    if (this.#open.delete(id)) this.#place.watch.answered(id);
  }

  person(input: PersonInput): void {
    if (input.kind === 'answer' && this.#open.has(input.id)) this.#answer(input.id, input);
  }

  /** The runtime believes that it is offline. It is told to try again a few times, then to give up. */
  async offline(asked: unknown): Promise<void> {
    const { host, client, watch, profile } = this.#place;
    this.#networkTries += 1;
    const verb = this.#networkTries > profile.limits.retriesMax ? 'reject' : 'reply';
    watch.note(`network: ${textAt(asked, 'message')}`);
    await pause(host, networkPauseMs);
    await client.call('POST', `/network/${textAt(asked, 'id')}/${verb}`, { body: {} }).catch(() => null);
  }

  /** Asks for what is open; after a break of the event stream nobody tells. */
  async refresh(): Promise<void> {
    for (const kind of ['permission', 'question'] as const) {
      const answer = await this.#place.client.call('GET', `/${kind}`).catch(() => null);
      for (const asked of listAt(answer, 'body')) this.asked(kind, asked);
    }
  }

  #answer(id: string, { allow, text }: { allow: boolean; text: string }): void {
    const { client, watch } = this.#place;
    const kind = this.#open.get(id);
    const sent =
      kind === 'permission'
        ? client.good('POST', `/permission/${id}/reply`, { reply: allow ? 'once' : 'reject' })
        : client.good('POST', `/question/${id}/${allow ? 'reply' : 'reject'}`, allow ? { answers: [[text]] } : {});
    // What was not taken is asked for again by the next refresh, or by the silence that follows.
    sent
      .catch((thrown: unknown) => watch.note(`the answer to ${id} was not taken: ${String(thrown)}`))
      .then(() => this.closed(id));
  }
}

function permissionText(asked: unknown): string {
  const patterns = listAt(asked, 'patterns').map(String).join(', ');
  return shorten(`May the agent use ${textAt(asked, 'permission')}: ${patterns}?`);
}

function questionText(asked: unknown): string {
  const questions = listAt(asked, 'questions').map((question) => {
    const options = listAt(question, 'options').map((option) => textAt(option, 'label'));
    return `${textAt(question, 'question')}${options.length > 0 ? ` (${options.join(' / ')})` : ''}`;
  });
  return shorten(questions.join(' '));
}
