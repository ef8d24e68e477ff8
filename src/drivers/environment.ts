/** The environment of a runtime: a home of its own, so that agents share neither logins nor histories. */
import type { DriverHost } from './host.ts';
import type { RunRequest } from './port.ts';

/** What every runtime gets. What the profile adds can not move the home. */
export function homeEnvironment(request: RunRequest, host: DriverHost): Readonly<Record<string, string>> {
  const { home } = request;
  return {
    ...host.environment,
    ...request.profile.environment,
    HOME: home,
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_STATE_HOME: `${home}/.local/state`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_CACHE_HOME: `${home}/.cache`,
  };
}
