/** A driver in a process of its own, to be killed: gets a place and a request by standard input. */
import { json } from 'node:stream/consumers';
import type { RunRequest } from '../../../src/drivers/port.ts';
import { drivers } from '../../../src/drivers/registry.ts';
import { createPlainHost, type Place } from './place.ts';

type Order = { readonly place: Place; readonly request: RunRequest; readonly proxy: string };

const { place, request, proxy } = (await json(process.stdin)) as Order;
const host = createPlainHost({ place, proxy, reported: () => false, say: () => {} });
await drivers[request.profile.driver].run(request, host, new AbortController().signal);
