/** A person at a real run: what it prints, what they say to it, a town that is restarted meanwhile, and its end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { type TestShell, testShell } from './shell.ts';
import { git, type Workshop, workshop } from './workshop.ts';

/** Reads its inbox once, and works in steps that wait for files. */
const AGENT = `
import { existsSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
const { GATE, YARDMASTER_API_URL: url, YARDMASTER_AGENT: agent, YARDMASTER_TOKEN: token } = process.env;
const until = async (name) => {
  while (!existsSync(GATE + '/' + name)) await new Promise((go) => setTimeout(go, 20));
};
console.log('one\\n\\u001b[31mtwo\\u001b[0m');
const answer = await fetch(url + '/api/v1/agents/' + agent + '/calls/inbox', {
  method: 'POST',
  headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
  body: '{"wait":true}',
});
console.log('heard ' + (await answer.json()).text);
await until('three');
console.log('three');
await until('end');
writeFileSync('made.txt', 'made');
execFileSync('git', ['add', '-A']);
execFileSync('git', ['commit', '-qm', 'Make it']);
console.log('four');
`;

function talkingShop(): Workshop {
  const place = workshop();
  writeFileSync(join(place.repository, 'agent.mjs'), AGENT);
  git(place.repository, 'add', '--all');
  git(place.repository, 'commit', '--quiet', '--message=An agent that listens');
  return place;
}

async function open({ rig }: Workshop): Promise<{ shell: TestShell; close(): Promise<number> }> {
  const shell = testShell();
  const words = rig.map((word) => (word === './agent.sh' ? `${process.execPath} agent.mjs` : word));
  const ended = shell.run('up', ...words, '--port', '0', '--agents', '1', '--set', 'heartbeatMs=200ms');
  await Promise.race([shell.out.has(/is at http/), ended.then(() => shell.out.has(/is at http/))]);
  return {
    shell,
    close: () => {
      shell.signal('SIGTERM');
      return ended;
    },
  };
}

const opens = ({ gate }: Workshop, name: string) => writeFileSync(join(gate, name), '');

describe('attached to a run', { timeout: 30_000 }, () => {
  test('a person sees what it prints, is heard, outlives a restart of the town, and learns how it ended', async () => {
    const place = talkingShop();
    const about = ['--data', place.data];
    let town = await open(place);
    expect(await testShell().run('add', '--title', 'Make it', '--id', 'b1', ...about)).toBe(exits.done);
    const person = testShell({ isTyping: true });
    await eventually(async () => {
      const shell = testShell();
      await shell.run('status', ...about);
      return /working\.running/.test(shell.out.text);
    });
    const attached = person.run('attach', 'polecat-1', '--once', ...about);
    await person.out.has(/one\ntwo\n/);
    expect(person.errors.text).toMatch(/-- run 1 of agent polecat-1 works on bead b1, attempt 1, since [\d.]+ s/);
    person.type('use tabs');
    await person.out.has(/heard use tabs\n/);
    await person.errors.has(/-- operator says to the agent: "use tabs"\n-- the agent was told: "use tabs"\n/);
    person.type('/nonsense');
    await person.errors.has(/a line is a message to the agent.*\n[\s\S]*a line is a message to the agent/);

    await town.close();
    opens(place, 'three');
    await person.errors.has(/-- the town is away/);
    town = await open(place);
    await person.errors.has(/-- the town is back/);
    await person.out.has(/three\n/);

    opens(place, 'end');
    expect(await attached).toBe(exits.done);
    expect(person.out.text).toBe('one\ntwo\nheard use tabs\nthree\nfour\n');
    expect(person.errors.text).toMatch(/-- run 1 of agent polecat-1 has ended: completed\n$/);
    expect(person.errors.text.match(/the town is (away|back)/g)).toHaveLength(2);
    await town.close();
  });

  test('a person who leaves says so, and the run goes on; what it never heard is told', async () => {
    const place = talkingShop();
    const about = ['--data', place.data];
    const town = await open(place);
    await testShell().run('add', '--title', 'Make it', '--id', 'b1', ...about);
    const person = testShell({ isTyping: true });
    const attached = person.run('attach', 'polecat-1', ...about);
    await person.out.has(/two\n/);
    person.type('/take');
    await person.errors.has(/-- operator has the conversation/);
    person.type('/release');
    await person.errors.has(/-- the agent has the conversation again/);
    person.signal('SIGINT');
    expect(await attached).toBe(exits.done);
    expect(person.errors.text).toMatch(/-- detached; the run goes on, and `yardmaster attach polecat-1` comes back\n$/);

    const log = testShell();
    const logged = log.run('attach', 'polecat-1', '--once', '--no-input', ...about);
    await log.errors.has(/run 1 of agent polecat-1 works/);
    expect(await testShell().run('say', 'polecat-1', 'first', ...about)).toBe(exits.done);
    await log.out.has(/heard first/);
    const said = testShell();
    expect(await said.run('say', 'polecat-1', 'second', ...about)).toBe(exits.done);
    expect(said.out.text).toMatch(/^agent\/polecat-1 has message [0-9a-f]{8} \(log \d+\)\n$/);
    person.errors.text = '';
    const failed = '{"epoch":1,"class":"work","reason":"enough"}';
    await testShell().run('send', 'agent/polecat-1', 'FAILED', failed, ...about);
    expect(await logged).toBe(exits.unfinished);
    expect(log.errors.text).toMatch(/has ended: failed: enough\n-- 1 message was not delivered: the bead's next run/);
    const refused = testShell();
    await town.close();
    expect(await refused.run('say', 'polecat-1', 'anyone?', ...about)).toBe(exits.noTown);
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it never came to that');
}
