#!/usr/bin/env node
/** The command line: `yardmaster --help`. */
import { main } from './cli/program.ts';
import { createShell } from './cli/shell.ts';

process.exitCode = await main(createShell(), process.argv.slice(2));
