/** Where a test of a server driver happens: a virtual host, a server that the test plays, and a run. */
import { kilo } from '../../../src/drivers/kilo/driver.ts';
import type { Ended, RunRequest } from '../../../src/drivers/port.ts';
import { request } from '../requests.ts';
import { VirtualHost } from '../virtual-host.ts';
import { FakeServer } from './fake-server.ts';

export const never = new AbortController().signal;

export class Stage {
  readonly host = new VirtualHost();
  readonly server = new FakeServer(this.host);

  /** Runs to its end in virtual time. */
  run = (changes: Partial<RunRequest> = {}, signal = never): Promise<Ended> =>
    this.host.until(kilo.run(request(changes), this.host, signal));

  /** The agent answers each prompt well, and its work is seen in git from then on. */
  works = (): void => {
    this.server.onPrompt = (id) => {
      this.server.take(id);
      this.server.answer(id);
      this.host.work = () => 'evident';
      this.server.idle();
    };
  };
}
