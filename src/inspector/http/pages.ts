/** The pages: painted here, taken over by the browser; the files that they load; and the way in. */
import { coerceError, Refused } from '../../core/errors.ts';
import type { Start } from '../contract-page.ts';
import type { Answers } from './answers.ts';
import { Assets } from './assets.ts';
import { baseOf, type InspectorApp, type InspectorContext, type Parts, pathOf } from './context.ts';
import { cookiesOf } from './session.ts';

const THEME = 'inspector-theme';
const FOR_EVER = 'public, max-age=31536000, immutable';
const FEW_SECONDS = 'no-cache';

export function pageRoutes(app: InspectorApp, parts: Parts & { readonly answers: Answers }): void {
  const assets = new Assets(parts.inspection.source.env);
  app.get('/login', (context) => logIn(context, parts));
  app.get('/assets/*', async (context) => {
    const asset = await assets.get(pathOf(context).slice(1));
    if (!asset) throw new Refused('not_found', `there is no file ${pathOf(context)}`);
    const isPacked = asset.packed !== null && /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
    context.header('Content-Type', asset.type);
    context.header('Cache-Control', FOR_EVER);
    context.header('Vary', 'Accept-Encoding');
    if (isPacked) context.header('Content-Encoding', 'gzip');
    return context.body(Uint8Array.from((isPacked && asset.packed) || asset.plain));
  });
  app.get('*', (context) => page(context, { ...parts, assets }));
}

type PageParts = Parts & { readonly answers: Answers; readonly assets: Assets };

async function page(context: InspectorContext, { answers, assets, inspection }: PageParts): Promise<Response> {
  const base = baseOf(context);
  // Relative addresses need the slash.
  if (context.req.path === base && base !== '') return context.redirect(`${base}/${new URL(context.req.url).search}`);
  context.header('Cache-Control', FEW_SECONDS);
  const access = context.get('access');
  if (access === 'none') return context.html(notice('Log in', loginText), 401);
  const template = assets.template();
  if (template === null) return context.html(notice('The pages were not built', buildText), 503);
  const renderer = await assets.renderer();
  if (!renderer) return context.html(unpainted(template, base));
  const [path, query] = [pathOf(context), new URL(context.req.url).search.slice(1)];
  const start: Record<string, unknown> = {};
  for (const needed of renderer.needs({ path, query, now: inspection.now() })) {
    const answer = await answers.answer(needed, { access }).catch(onlyRefused);
    if (answer !== undefined) start[needed] = answer;
  }
  const request = { path, query, base: `${base}/`, theme: themeOf(context.req.raw), start: start satisfies Start };
  try {
    return context.html(renderer.page(request, template));
  } catch (thrown) {
    inspection.source.env.log('error', `a page could not be painted: ${coerceError(thrown).message}`, { path });
    return context.html(unpainted(template, base));
  }
}

/** The template as it is: the browser paints it and asks for what it shows. */
function unpainted(template: string, base: string): string {
  return template
    .replace(/(src|href)="\.\//g, (_, name) => `${name}="${base}/`)
    .replace('%base%', () => `${base}/`)
    .replace(' data-theme="%theme%"', '')
    .replace('%title%', 'Inspector')
    .replace('%start%', '{}');
}

/** What is not there, or is not allowed, is asked for again by the page, which can say why. */
function onlyRefused(thrown: unknown): undefined {
  if (thrown instanceof Refused) return undefined;
  throw thrown;
}

function themeOf(request: Request): 'light' | 'dark' | null {
  const theme = cookiesOf(request).find(([name]) => name === THEME)?.[1];
  return theme === 'light' || theme === 'dark' ? theme : null;
}

/** From a link to a session, and on to an address without the token. */
function logIn(context: InspectorContext, { gatekeeping }: Parts): Response | Promise<Response> {
  const base = baseOf(context);
  const cookie = gatekeeping.sessions?.open(context.req.query('key') ?? '', { request: context.req.raw, base });
  if (!cookie) return context.html(notice('This link is too old', loginText), 401);
  context.header('Set-Cookie', cookie);
  // A browser that comes from elsewhere sends the cookie only with what our own page asks for.
  const site = context.req.header('sec-fetch-site');
  if (site === 'cross-site') return context.html(notice('Welcome', 'One moment.', `${base}/`));
  return context.redirect(`${base}/`, 303);
}

const loginText =
  'Open the link that was printed when this was started. For a new one run <code>yardmaster inspect</code> on that ' +
  'machine. A link is good for 24 hours, a session for 12.';
const buildText =
  'Run <code>npm run build</code> in the folder of this program, then load this page again. The API below ' +
  '<code>api/</code> answers meanwhile.';

/** A page without the bundle. `text` and `next` are ours, never a visitor's. */
function notice(title: string, text: string, next?: string): string {
  const refresh = next === undefined ? '' : `<meta http-equiv="refresh" content="0;url=${next}">`;
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}` +
    `<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">` +
    `<title>${title}</title></head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>`
  );
}
