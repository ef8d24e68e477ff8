/** All drivers by name. */
import { acp } from './acp/driver.ts';
import { claude } from './claude/driver.ts';
import { codex } from './codex/driver.ts';
import { command } from './command/driver.ts';
import type { Driver } from './driver.ts';
import { kilo } from './kilo/driver.ts';
import { opencode } from './opencode/driver.ts';
import type { DriverName } from './port.ts';

export const drivers: Readonly<Record<DriverName, Driver>> = { command, kilo, opencode, acp, claude, codex };
