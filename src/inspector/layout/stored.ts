/** Layouts that were made at build time, beside the built pages: no first look at a built-in machine has to wait. */
import { readFileSync } from 'node:fs';
import type { Layout } from '../contract.ts';

/** From `dist/src/inspector/layout/`; a program that runs from its sources finds nothing here and computes. */
const folder = new URL('../../../inspector/layouts/', import.meta.url);

export function storedLayout(name: string): Layout | null {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Layout;
  } catch {
    return null;
  }
}
