/** Reports of a run to the town, over HTTP: progress, done, failed. A town that does not answer never stops the work. */

const TIMEOUT_MS = 5_000;
const TRIES = 3;

/** Takes who reports, and the environment with YARDMASTER_API_URL and YARDMASTER_TOKEN; without a URL nothing is sent. */
export function createReporter({ agent, epoch, environment }) {
  const url = environment.YARDMASTER_API_URL;
  let count = 0;

  async function post(body, key) {
    const response = await fetch(`${url}/api/v1/agents/${encodeURIComponent(agent)}/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${environment.YARDMASTER_TOKEN ?? ''}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) process.stderr.write(`demo agent: ${body.type} was answered ${response.status}: ${await response.text()}\n`);
    return response.status < 500;
  }

  async function send(event) {
    if (!url) return;
    const key = `${agent}-${epoch}-${(count += 1)}`;
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        if (await post({ ...event, epoch }, key)) return;
      } catch (error) {
        process.stderr.write(`demo agent: ${event.type} did not reach the town: ${error.cause?.message ?? error.message}\n`);
      }
    }
  }

  return {
    progress: (note) => send({ type: 'progress', note }),
    done: (summary) => send({ type: 'done', result: 'completed', summary }),
    failed: (kind, reason) => send({ type: 'failed', class: kind, reason }),
  };
}
