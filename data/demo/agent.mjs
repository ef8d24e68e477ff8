#!/usr/bin/env node
/**
 * The demo's agent: a program like any coding agent, except that its ideas come from `solutions/`. It reads its prompt from
 * standard input, edits the files of the current folder, runs the project's tests, commits, and reports over HTTP.
 *
 * `DEMO_FAULT` makes it misbehave: a JSON map from a bead to its faults by attempt, the first attempt first, for example
 * `{"slugify": ["crash", null, "silent"]}`. `YARDMASTER_ATTEMPT` says which attempt this is, from 1; without it, the
 * branches `attempt/<bead>/…` of the repository are counted.
 */
import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { applyEdits, applyHalf } from './edits.mjs';
import { createReporter } from './reporter.mjs';

const run = promisify(execFile);
const bead = process.env.YARDMASTER_BEAD ?? '';
const agent = process.env.YARDMASTER_AGENT ?? 'demo';

/** A pause between 40 and 120 ms that is the same in each run: the agent "thinks". */
async function think(about) {
  let sum = 0;
  for (const letter of `${bead} ${about}`) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  await pause(40 + (sum % 81));
}

async function readPrompt() {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const piece of process.stdin) text += piece;
  return text.trim();
}

function git(...args) {
  const identity = ['-c', `user.name=Demo agent ${agent}`, '-c', `user.email=${agent}@demo.invalid`];
  return run('git', [...identity, '-c', 'commit.gpgsign=false', '-c', 'core.hooksPath=/dev/null', ...args]);
}

async function findSolution() {
  try {
    return (await import(`./solutions/${bead}.mjs`)).default;
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

async function plannedFault() {
  const faults = JSON.parse(process.env.DEMO_FAULT || '{}')[bead] ?? [];
  return faults.length > 0 ? faults[(await attemptNumber()) - 1] : null;
}

async function attemptNumber() {
  if (process.env.YARDMASTER_ATTEMPT) return Number(process.env.YARDMASTER_ATTEMPT);
  const { stdout } = await git('for-each-ref', '--format=%(refname)', `refs/heads/attempt/${bead}`);
  return Math.max(1, stdout.split('\n').filter(Boolean).length);
}

/** Runs the project's tests; resolves with null when they pass, else with the names of those that fail. */
async function testFailure() {
  try {
    await run(process.execPath, ['--test', '--test-reporter=tap']);
    return null;
  } catch (error) {
    const failed = [...String(error.stdout).matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name]) => name);
    return failed.join('; ') || error.message;
  }
}

async function misbehave(fault, solution) {
  if (fault === 'crash') {
    await applyHalf(solution.edits[0]);
    process.stderr.write(`demo agent: crashed in the middle of ${solution.edits[0].file}, as DEMO_FAULT asks\n`);
    process.exit(7);
  }
  if (fault === 'empty') process.exit(0);
  if (fault === 'silent') await new Promise(() => setInterval(() => {}, 60_000));
  process.stderr.write(`demo agent: DEMO_FAULT knows crash, empty and silent, not ${fault}\n`);
  process.exit(2);
}

async function fail(report, kind, reason) {
  process.stderr.write(`demo agent: ${bead}: ${reason}\n`);
  process.exitCode = 1;
  await report.failed(kind, reason);
}

async function work(solution, report) {
  await report.progress(`editing ${solution.edits.map((edit) => edit.file).join(', ')}`);
  await think('edits');
  await applyEdits(solution.edits);

  await report.progress('running the tests');
  const failure = await testFailure();
  if (failure !== null) return fail(report, 'work', `the tests fail: ${failure}`);

  await think('message');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', `${solution.message}\n\nBead: ${bead}`);
  return report.done(solution.message);
}

async function main() {
  const fault = await plannedFault();
  // Deaf before anything else, so that it is never asked to end while it still can hear.
  if (fault === 'silent') process.on('SIGTERM', () => {});
  const prompt = await readPrompt();
  const report = createReporter({ agent, epoch: Number(process.env.YARDMASTER_EPOCH ?? 0), environment: process.env });
  const solution = await findSolution();
  if (!solution) return fail(report, 'permanent', `no solution is known for the bead '${bead}' of YARDMASTER_BEAD`);
  if (fault) return misbehave(fault, solution);
  if (!prompt) return fail(report, 'permanent', 'the prompt on standard input was empty');
  process.stdout.write(`demo agent: ${bead}: ${prompt.split('\n')[0]}\n`);
  await think('prompt');
  try {
    await work(solution, report);
  } catch (error) {
    await fail(report, 'work', error.message);
  }
}

await main();
