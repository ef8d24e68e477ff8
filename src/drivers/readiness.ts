/** The questions to a profile before its first run: is the program there, new enough, and does its gateway work? */
import { within } from './deadline.ts';
import { shorten } from './failures.ts';
import { checkGateway } from './gateway-check.ts';
import type { DriverHost } from './host.ts';
import type { GatewayApi, Profile, Readiness } from './port.ts';

/** A large binary on a busy machine takes seconds to say its version. */
const versionMs = 60_000;

export type Needs = {
  /** The oldest version that works; null: any. */
  readonly version: string | null;
  /** What the driver can be given as a gateway. */
  readonly apis: readonly GatewayApi[];
};

/** What is wrong and what mends it, in one sentence. */
export function unreadyText({ reason, remedy }: Extract<Readiness, { ready: false }>): string {
  return reason.includes(remedy) ? reason : `${reason}: ${remedy}`;
}

/** Never rejects. */
export async function probeRuntime(profile: Profile, host: DriverHost, needs: Needs): Promise<Readiness> {
  const wrong = checkSettings(profile, needs);
  if (wrong !== null) return wrong;
  const version = await askVersion(profile, host);
  if (typeof version !== 'string') return version;
  if (needs.version !== null && isOlder(version, needs.version)) {
    const reason = `${profile.program[0]} is version ${version || 'unknown'}, and ${needs.version} is needed`;
    return {
      ready: false,
      check: 'version',
      failure: 'permanent',
      reason,
      remedy: `install ${needs.version} or newer`,
    };
  }
  if (profile.gateway === null || profile.model === null) {
    return { ready: true, version, notes: ['the credential was not tried: the profile names no gateway and model'] };
  }
  const found = await checkGateway(host, profile.gateway, profile.model);
  if (found === null || typeof found === 'string')
    return { ready: true, version, notes: found === null ? [] : [found] };
  return found;
}

function checkSettings(profile: Profile, needs: Needs): Readiness | null {
  const unready = { ready: false, check: 'settings', failure: 'permanent' } as const;
  if (profile.program.length === 0) {
    return { ...unready, reason: 'the profile names no program', remedy: 'name the program of the runtime' };
  }
  const { gateway } = profile;
  if (gateway === null) return null;
  if (!needs.apis.includes(gateway.api)) {
    const reason = `the driver ${profile.driver} can not use a gateway that speaks ${gateway.api}`;
    return { ...unready, reason, remedy: `give it one that speaks ${needs.apis.join(' or ') || 'nothing'}` };
  }
  if (profile.model !== null) return null;
  return { ...unready, reason: 'the profile has a gateway but no model', remedy: 'name a model that the gateway has' };
}

/** What the program says to `--version`: the numbers in it, or its words. */
async function askVersion(profile: Profile, host: DriverHost): Promise<string | Readiness> {
  const process = host.spawn({
    argv: [...profile.program, '--version'],
    directory: '/',
    environment: { ...host.environment, ...profile.environment },
    input: '',
  });
  const said: string[] = [];
  process.onLine((line) => said.push(line));
  const late = () => {
    process.kill('SIGKILL');
    return null;
  };
  const end = await within(host, versionMs, { promise: process.ended, late });
  const program = profile.program[0] ?? '';
  const unready = { ready: false, check: 'program' } as const;
  if (end === null) {
    const reason = `${program} --version gave no answer within ${versionMs / 1000} s`;
    return { ...unready, failure: 'transient', reason, remedy: 'run it by hand, and see what it waits for' };
  }
  if (end.failure !== undefined) {
    const reason = `${program} can not be started (${end.failure})`;
    return { ...unready, failure: 'permanent', reason, remedy: 'install it, or correct the program of the profile' };
  }
  const text = said.join(' ');
  if (end.code === 0) return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? shorten(text);
  const reason = `${program} --version ended with ${end.signal ?? `code ${end.code}`}: ${shorten(text)}`;
  return { ...unready, failure: 'permanent', reason, remedy: 'install it anew' };
}

/** True when `version` comes before `wanted`, number by number. What is no version is older than all. */
function isOlder(version: string, wanted: string): boolean {
  const mine = version.split('.').map(Number);
  const theirs = wanted.split('.').map(Number);
  if (mine.length < 3 || mine.some(Number.isNaN)) return true;
  const differs = mine.findIndex((part, index) => part !== theirs[index]);
  return differs >= 0 && (mine[differs] ?? 0) < (theirs[differs] ?? 0);
}
