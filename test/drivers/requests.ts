/** What tests ask drivers for. */
import type { Limits, Profile, RunRequest } from '../../src/drivers/port.ts';

export const limits: Limits = { silenceMs: 60_000, toolMs: 600_000, continuationsMax: 1, retriesMax: 2 };

export function profile(changes: Partial<Profile> = {}): Profile {
  return {
    driver: 'kilo',
    program: ['/programs/runtime'],
    model: 'yard-1',
    gateway: { api: 'openai-chat', url: 'http://gateway.test/v1', key: 'sk-the-secret-key' },
    mode: null,
    arguments: [],
    permissions: 'allow',
    environment: {},
    settings: {},
    limits,
    ...changes,
  };
}

export function request(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    profile: profile(),
    directory: '/town/worktree',
    home: '/town/home',
    title: 'Make it',
    prompt: 'Make the file made.txt and commit it.',
    earlier: null,
    mcp: null,
    ...changes,
  };
}
