/** A runner that does nothing by itself: it says over HTTP what a test makes it say. */
import { BUNDLE_TYPE, type NumberedOrder, type Registered } from '../../src/runners/protocol.ts';
import { TOKEN } from './place.ts';

export type Said = { readonly status: number; readonly body: { readonly [name: string]: unknown } };

export type Speaker = {
  registration: string;
  /** Registers as a process of an incarnation, by default the only one. */
  register(more?: object): Promise<Said>;
  orders(after?: number): Promise<readonly NumberedOrder[]>;
  answer(number: number, result: unknown): Promise<Said>;
  report(reports: readonly object[], registration?: string): Promise<Said>;
  post(path: string, body: object): Promise<Said>;
  /** Brings a bundle. */
  put(path: string, body: Uint8Array): Promise<Said>;
  get(path: string): Promise<Said>;
};

export function speaker(url: string, { id = 'b1', token = TOKEN } = {}): Speaker {
  const ask = async (method: string, path: string, init: { body?: string | Uint8Array; type?: string } = {}) => {
    const { body, type = 'application/json' } = init;
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) };
    const answer = await fetch(`${url}/api/v1/runners/${id}${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Blob([new Uint8Array(body)]) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : { text } } as Said;
  };
  const post = (path: string, body: object) => ask('POST', path, { body: JSON.stringify(body) });
  const self: Speaker = {
    registration: '',
    register: async (more = {}) => {
      const first = { protocol: 1, process: 'aaaaaaaa', incarnation: 'one', labels: [], slots: null, version: 'test' };
      const said = await post('/register', { ...first, ...more });
      if (said.status === 200) self.registration = (said.body as unknown as Registered).registration;
      return said;
    },
    orders: async (after = 0) => {
      const said = await ask('GET', `/orders?registration=${self.registration}&after=${after}`);
      return (said.body as { orders: NumberedOrder[] }).orders;
    },
    answer: (number, result) => post('/answers', { registration: self.registration, answers: [{ number, result }] }),
    report: (reports, registration = self.registration) => post('/reports', { registration, reports }),
    post,
    put: (path, body) => ask('PUT', path, { body, type: BUNDLE_TYPE }),
    get: (path) => ask('GET', path),
  };
  return self;
}
