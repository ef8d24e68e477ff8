/** An agent of the Agent Client Protocol that a test plays: JSON-RPC by hand, so that it can also be wrong. */
import { parseObject, textAt, valueAt } from '../../../src/drivers/json.ts';
import { FakeProcess } from '../fake-process.ts';
import type { VirtualHost } from '../virtual-host.ts';

export const SESSION = 'ses_1';

type Handler = (
  params: unknown,
  reply: (result: object) => void,
  fail: (code: number, message: string) => void,
) => void;

export class FakeAgent {
  readonly processes: FakeProcess[] = [];
  readonly heard: { method: string; params: unknown }[] = [];
  readonly handlers: Record<string, Handler> = {
    initialize: (_, reply) =>
      reply({ protocolVersion: 1, agentCapabilities: { loadSession: true, mcpCapabilities: { http: true } } }),
    'session/new': (_, reply) => reply({ sessionId: SESSION }),
    'session/load': (_, reply) => reply({}),
  };
  readonly answers: object[] = [];

  constructor(host: VirtualHost) {
    host.onSpawn = (order) => {
      const process = new FakeProcess(order);
      process.onWrite = (text) => this.#hear(process, text);
      this.processes.push(process);
      return process;
    };
  }

  update(update: object): void {
    this.#say({ method: 'session/update', params: { sessionId: SESSION, update } });
  }

  talk(text: string): void {
    this.update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
  }

  /** Asks the client; the answer is added to `answers`. */
  ask(method: string, params: object): void {
    this.#say({ id: 'agent-1', method, params: { sessionId: SESSION, ...params } });
  }

  named(method: string): unknown[] {
    return this.heard.filter((each) => each.method === method).map(({ params }) => params);
  }

  #say(message: object): void {
    this.processes.at(-1)?.say({ jsonrpc: '2.0', ...message });
  }

  #hear(process: FakeProcess, text: string): void {
    const message = parseObject(text);
    const method = textAt(message, 'method');
    const id = valueAt(message, 'id');
    if (method === '') {
      this.answers.push(valueAt(message, 'result') as object);
      return;
    }
    const params = valueAt(message, 'params');
    this.heard.push({ method, params });
    const reply = (result: object) => process.say({ jsonrpc: '2.0', id, result });
    const fail = (code: number, words: string) => process.say({ jsonrpc: '2.0', id, error: { code, message: words } });
    this.handlers[method]?.(params, reply, fail);
  }
}
