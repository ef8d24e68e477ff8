/** Whether the process lives and whether the town works, for whoever restarts it. */
import { type Api, type ApiParts, answer, describeRoute } from '../api.ts';
import * as answers from '../schemas/answers.ts';

const tag = 'health';

export function healthRoutes(api: Api, { town, gates }: ApiParts): void {
  const alive = describeRoute({
    ...{ method: 'get', path: '/healthz', summary: 'Answers while the process lives', tag, gate: gates.anyone },
    answer: answers.health,
  });
  api.openapi(alive, (context) => answer(context, { status: 'ok', degraded: null }));

  const ready = describeRoute({
    ...{ method: 'get', path: '/readyz', summary: 'Answers 200 while the town works, else 503', tag },
    ...{ gate: gates.anyone, answer: answers.health },
  });
  api.openapi(ready, (context) => {
    const { ok, degraded } = town.status().health;
    const reason = degraded === null ? null : town.mask(degraded);
    return answer(context, { status: ok ? 'ok' : 'degraded', degraded: reason }, ok ? 200 : 503);
  });
}
