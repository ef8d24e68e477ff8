/** A driver in a process of its own, to be killed: gets a place and a request by standard input. */
import { json } from 'node:stream/consumers';
import type { RunRequest } from '../../../src/drivers/port.ts';
import { drivers } from '../../../src/drivers/registry.ts';
import { createPlainHost, type Place } from './place.ts';

const { place, request } = (await json(process.stdin)) as { place: Place; request: RunRequest };
const host = createPlainHost(
  place,
  () => false,
  () => {},
);
await drivers[request.profile.driver].run(request, host, new AbortController().signal);
