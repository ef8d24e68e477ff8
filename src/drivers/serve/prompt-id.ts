/**
 * Ids of our prompts, in the runtime's own form: it sorts messages by their ids, so a prompt's must be younger than
 * all before it. Six bytes of time, in 1/4096 ms, and 14 characters that nobody else draws.
 */
import type { DriverHost } from '../host.ts';

export function promptId(host: DriverHost): string {
  const time = (BigInt(host.now()) * 0x1000n + 1n) & 0xffff_ffff_ffffn;
  return `msg_${time.toString(16).padStart(12, '0')}${host.hex(14)}`;
}
