/** Answers an agent that asks whether it may: by policy, or by a person. */
import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { shorten } from '../failures.ts';
import type { PersonInput } from '../host.ts';
import type { Profile } from '../port.ts';
import type { Watch } from '../watch.ts';

export class Permissions {
  readonly #profile: Profile;
  readonly #watch: Watch;
  readonly #open = new Map<string, (allow: boolean | null) => void>();
  #count = 0;

  constructor(profile: Profile, watch: Watch) {
    this.#profile = profile;
    this.#watch = watch;
  }

  async ask(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { permissions } = this.#profile;
    const allow = permissions === 'ask' ? await this.#askPerson(request) : permissions === 'allow';
    if (allow === null) return { outcome: { outcome: 'cancelled' } };
    const kinds = allow ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
    const option = kinds.flatMap((kind) => request.options.filter((each) => each.kind === kind))[0];
    if (option === undefined) return { outcome: { outcome: 'cancelled' } };
    return { outcome: { outcome: 'selected', optionId: option.optionId } };
  }

  person(input: PersonInput): void {
    if (input.kind === 'answer') this.#open.get(input.id)?.(input.allow);
  }

  /** Takes back what is open: the turn is being ended. */
  cancel(): void {
    for (const answer of this.#open.values()) answer(null);
  }

  #askPerson(request: RequestPermissionRequest): Promise<boolean | null> {
    this.#count += 1;
    const id = `permission-${this.#count}`;
    const title = request.toolCall.title ?? request.toolCall.toolCallId;
    return new Promise((resolve) => {
      this.#open.set(id, (allow) => {
        this.#open.delete(id);
        this.#watch.answered(id);
        resolve(allow);
      });
      this.#watch.emit({ kind: 'waiting', id, question: shorten(`May the agent do this: ${title}?`) });
    });
  }
}
