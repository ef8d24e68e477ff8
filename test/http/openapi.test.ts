/** The API's description of itself: whole, consistent, and the same as docs/HTTP.md. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemKinds } from '../../src/http/problems.ts';
import { type Harness, harness, type Json, VERSION } from './harness.ts';

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Json };
type Operation = {
  readonly summary: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Json };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Json }>>;
};
type Document = {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
};

let api: Harness;
let document: Document;
beforeEach(async () => {
  api = await harness({ beads: [], agentCount: 0 });
  document = (await api.get('/openapi.json', { token: null })).body as unknown as Document;
});
afterEach(() => api[Symbol.asyncDispose]());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

/** Every object in a JSON value. */
function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Json, ...inner];
}

const page = readFileSync(new URL('../../docs/HTTP.md', import.meta.url), 'utf8');
const rows = (pattern: RegExp) => [...page.matchAll(pattern)].map(([, ...cells]) => cells);

describe('the OpenAPI document', () => {
  it('is of version 3.1 and names the API', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Yardmaster', version: VERSION });
    expect(document.servers).toEqual([{ url: '/api/v1' }]);
  });

  it('declares each path parameter, and has a description for each answer', () => {
    for (const { path, method, operation } of operations()) {
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      expect([path, declared]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)]);
      expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
      expect(Object.keys(operation.responses)).toEqual([expect.stringMatching(/^20[01]$/), 'default']);
      expect(Object.keys(operation.responses.default?.content ?? {})).toEqual(['application/problem+json']);
      expect([path, method, operation.requestBody !== undefined]).toEqual([path, method, method !== 'GET']);
    }
  });

  it('has no reference that leads nowhere and no word of OpenAPI 3.0', () => {
    const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    for (const object of objectsIn(document)) {
      if (typeof object.$ref === 'string') expect(names).toContain(object.$ref);
      expect(object).not.toHaveProperty('nullable');
    }
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { operation } of operations()) {
      for (const requirement of operation.security) expect(schemes).toContain(Object.keys(requirement)[0]);
    }
  });

  it('refuses unknown keys in every body but that of any event', () => {
    for (const { path, operation } of operations()) {
      const body = objectsIn(operation.requestBody?.content).filter(
        ({ type, properties }) => type === 'object' && properties,
      );
      const open = body.filter(({ additionalProperties }) => additionalProperties !== false);
      expect([path, open.length]).toEqual([path, path === '/entities/{machine}/{id}/events' ? 1 : 0]);
    }
  });

  it('has every route that the app answers, and no other', async () => {
    const described = operations().map(
      ({ path, method }) => `${method} /api/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    );
    const answered = api.app.routes
      // Requests of the Model Context Protocol are described by that protocol.
      .filter(({ path }) => path.startsWith('/api/'))
      .filter(({ method, path }) => method !== 'ALL' && !path.endsWith('/mcp'))
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(answered)].sort()).toEqual(described.sort());
  });
});

describe('docs/HTTP.md', () => {
  it('lists each route with who may use it and what it does, and no other', () => {
    const documented = rows(/^\| (GET|POST|PUT|PATCH) \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm);
    const described = operations().map(({ path, method, operation }) => {
      const who = operation.security.flatMap((one) => Object.keys(one)).join(' or ') || 'anyone';
      return [method, path, who, operation.summary];
    });
    expect(documented.sort()).toEqual(described.sort());
  });

  it('lists each code with its status, and no other', () => {
    const documented = rows(/^\| (\d{3}) \| ([^|]+) \|/gm).flatMap(([status, codes]) =>
      [...(codes ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => `${code} ${status}`),
    );
    expect(documented.sort()).toEqual(
      Object.entries(problemKinds)
        .map(([code, { status }]) => `${code} ${status}`)
        .sort(),
    );
  });
});
