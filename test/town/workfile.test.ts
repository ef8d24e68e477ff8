/** The work file: what a person who wrote one is told, good or bad. */

import { describe, expect, it } from 'vitest';
import { policyPatchSchema } from '../../machines/policy.ts';
import { Refused } from '../../src/core/errors.ts';
import { idRule } from '../../src/town/identifiers.ts';
import { BeadInput, findCycle, type Problem, parseWorkFile } from '../../src/town/workfile.ts';

const parse = (text: string) => parseWorkFile(text, 'work.yaml', policyPatchSchema);

function refusal(text: string): Refused {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown;
    throw thrown;
  }
  throw new Refused('invalid', 'the file was taken');
}

const linesOf = (text: string) => refusal(text).message.split('\n').slice(1);
const problemsOf = (text: string) => refusal(text).details.problems as readonly Problem[];

describe('a good work file', () => {
  it('is returned with the defaults of beads filled in and nothing else', () => {
    const text = `
town: demo
rig: { repo: ., agent: claude -p, prompt: stdin, env: { URL: 'http://127.0.0.1:9' }, secrets: { TOKEN: 'env:TOKEN' } }
policy: { workingMax: 2 }
agents: 3
beads:
  - { id: slugify, title: Add slugify, body: "do it", priority: 0, labels: [a], policy: { attemptsMax: 3 } }
  - title: Export it
    dependsOn: [slugify]
`;
    expect(parse(text)).toEqual({
      town: 'demo',
      rig: {
        repo: '.',
        agent: 'claude -p',
        prompt: 'stdin',
        env: { URL: 'http://127.0.0.1:9' },
        secrets: { TOKEN: 'env:TOKEN' },
      },
      policy: { workingMax: 2 },
      agents: 3,
      beads: [
        {
          id: 'slugify',
          title: 'Add slugify',
          body: 'do it',
          priority: 0,
          labels: ['a'],
          dependsOn: [],
          policy: { attemptsMax: 3 },
        },
        { title: 'Export it', body: '', priority: 2, labels: [], dependsOn: ['slugify'] },
      ],
    });
  });

  it('may be JSON, indented with tabs', () => {
    const text = JSON.stringify({ beads: [{ title: 'say "hi" → now', body: 'a\n\tb' }] }, null, '\t');
    expect(parse(text).beads[0]).toMatchObject({ title: 'say "hi" → now', body: 'a\n\tb' });
  });

  it('may repeat a value with an alias', () => {
    const text = 'beads:\n  - { title: a, labels: &l [x, y] }\n  - { title: b, labels: *l }\n';
    expect(parse(text).beads[1]?.labels).toEqual(['x', 'y']);
  });

  it('has text where YAML 1.1 would have seen something else', () => {
    expect(parse('%YAML 1.1\n---\nbeads: [{ title: yes, body: 2026-11-21 }]').beads[0]).toMatchObject({
      title: 'yes',
      body: '2026-11-21',
    });
  });
});

describe('a bad work file', () => {
  it('is refused whole, with every problem, its line, column and remedy, in the order of the file', () => {
    const text = `town: 7
rig:
  promt: stdin
  prompt: fax
policy: { leaseMS: 3, leaseMs: -1 }
beads:
  - id: a
    titel: hello
    priority: 7
  - id: b
    title: ""
    body: [x]
    labels: [x, x]
    policy: { attemptsMax: 11, runs: 2 }
  - id: 007
    title: "two\\nlines"
    dependsOn:
  - id: Not An Id
    title: ok
  - just text
`;
    expect(linesOf(text)).toEqual([
      'work.yaml:1:7: town is a whole number, not text — put it in quotes',
      'work.yaml:3:3: rig has the unknown key "promt" — did you mean "prompt"?',
      'work.yaml:4:11: rig.prompt is none of the values that are known — write one of stdin, argument, file',
      'work.yaml:5:11: policy has the unknown key "leaseMS" — did you mean "leaseMs"?',
      'work.yaml:5:32: policy.leaseMs is -1, below 1 — take at least 1',
      'work.yaml:7:5: beads[0].title is missing — give it text',
      'work.yaml:8:5: beads[0] has the unknown key "titel" — did you mean "title"?',
      'work.yaml:9:15: beads[0].priority is 7, above 4 — take at most 4',
      'work.yaml:11:12: beads[1].title is empty — write something, or remove the key',
      'work.yaml:12:11: beads[1].body is a list, not text — make it text',
      'work.yaml:13:13: beads[1].labels names one twice — name it once',
      'work.yaml:14:28: beads[1].policy.attemptsMax is 11, above 10 — take at most 10',
      'work.yaml:14:32: beads[1].policy has the unknown key "runs" — remove it; known are attemptsMax, runsMax, maxRunMinutes, budgetUsd',
      'work.yaml:15:9: beads[2].id is a whole number, not text — put it in quotes',
      'work.yaml:16:12: beads[2].title has a line break or another control character — keep to one line',
      'work.yaml:17:15: beads[2].dependsOn is empty — give it a list, or remove the key',
      `work.yaml:18:9: beads[3].id is no id — ${idRule}`,
      'work.yaml:20:5: beads[4] is text, not a map — make it a map',
    ]);
    expect(problemsOf(text)[4]).toEqual({
      line: 5,
      column: 32,
      path: 'policy.leaseMs',
      problem: 'is -1, below 1',
      remedy: 'take at least 1',
    });
    expect(refusal(text).code).toBe('invalid');
  });

  it('names the line of the first bead with the same id', () => {
    expect(linesOf('beads:\n  - {id: a, title: x}\n  - {id: b, title: x}\n  - {id: a, title: y}\n')).toEqual([
      'work.yaml:4:10: beads[2].id "a" is the id of the bead on line 2 too — choose another',
    ]);
  });

  it('suggests the nearest id for an unknown dependency, beside other problems', () => {
    expect(linesOf('beads:\n  - {id: slugify}\n  - {title: x, dependsOn: [slugfiy, far-away]}\n')).toEqual([
      'work.yaml:2:5: beads[0].title is missing — give it text',
      'work.yaml:3:28: beads[1].dependsOn[0] "slugfiy" is the id of no bead in this file — did you mean "slugify"?',
      'work.yaml:3:37: beads[1].dependsOn[1] "far-away" is the id of no bead in this file — add that bead or remove the dependency',
    ]);
  });

  it('prints each circle of dependencies', () => {
    const bead = (id: string, on: string) => `  - {id: ${id}, title: x, dependsOn: [${on}]}\n`;
    const text = `beads:\n${bead('a', 'b')}${bead('b', 'c')}${bead('c', 'a')}${bead('me', 'me')}`;
    expect(linesOf(text)).toEqual([
      'work.yaml:2:34: beads[0].dependsOn makes a circle: a → b → c → a — remove one of these dependencies',
      'work.yaml:5:35: beads[3].dependsOn makes a circle: me → me — remove one of these dependencies',
    ]);
  });

  it('never prints the value of a secret, whatever is wrong around it', () => {
    const secret = 'sk-live-0123456789';
    for (const text of [
      `rig: { secrets: { TOKEN: ${secret} } }`,
      `rig: { secrets: { TOKEN: "${secret}" "${secret}" } }`,
      `rig: { secrets: { TOKEN: !x ${secret} } }`,
      `rig:\n  secrets:\n    TOKEN: ${secret}: x`,
      `rig: { secrets: { TOKEN: "\\q${secret}" } }`,
      `rig: { secrets: [${secret}] }`,
      `rig: { secrets: { TOKEN: { a: ${secret} } } }`,
      `rig: { secrets: { TOKEN: ${secret} `,
    ]) {
      const { message, details } = refusal(text);
      expect(message + JSON.stringify(details)).not.toContain(secret);
    }
    expect(linesOf(`rig: { secrets: { TOKEN: ${secret} } }`)[0]).toContain('write env:NAME or file:path');
  });

  it('may not have a key twice, or one that reaches prototypes', () => {
    expect(linesOf('beads: []\n__proto__: { agents: 3 }\nbeads: []\n')).toEqual([
      'work.yaml:2:1: the file has the key "__proto__" — remove it',
      'work.yaml:3:1: the file has the key "beads" twice, first on line 1 — keep one of them',
    ]);
    expect(linesOf('{"rig": {"env": {"__proto__": "x"}}}')).toEqual([
      'work.yaml:1:18: rig.env has the key "__proto__" — remove it',
    ]);
  });

  it.each([
    ['', 'work.yaml:1:1: the file is empty — write at least "beads:" and a bead with a title'],
    ['[]', 'work.yaml:1:1: the file is a list, not a map — make it a map'],
    ['a: b: c', 'work.yaml:1:4: is indented wrongly — indent with spaces, the members of one map or list alike'],
    ['beads: []\n---\nbeads: []', 'work.yaml:2:1: holds more than one document — keep one, without "---" between'],
    [
      'beads: *none',
      'work.yaml:1:8: beads repeats the anchor "none", which is not there before it — write the value itself',
    ],
    ['beads: !list []', 'work.yaml:1:8: has a "!" tag, which is not read — remove it, or put the text in quotes'],
    ['beads: "', 'work.yaml:1:9: lacks a ":", a "," or a closing quote or bracket — add what is missing here or above'],
    ['7: x', 'work.yaml:1:1: the file has a key that is no text — put the key in quotes'],
  ])('is told where its syntax or shape is wrong: %j', (text, line) => {
    expect(linesOf(text)).toEqual([line]);
  });

  it('is refused when it is too large or has too many beads', () => {
    expect(linesOf(`# ${'x'.repeat(4 * 1024 * 1024)}`)[0]).toContain('is larger than 4 MiB');
    expect(linesOf(`beads:\n  - title: x\n    body: ${'x'.repeat(64 * 1024 + 1)}`)[0]).toContain(
      'work.yaml:3:11: beads[0].body is longer than 64 KiB',
    );
    expect(linesOf(`beads: [${'{},'.repeat(100_001)}]`)).toEqual([
      'work.yaml:1:8: beads is longer than 100000 members — take at most 100000 members',
    ]);
  });

  it('lists a thousand problems and counts the others', () => {
    const text = `beads:\n${'- {}\n'.repeat(1_500)}`;
    expect(problemsOf(text)).toHaveLength(1_000);
    expect(refusal(text).message).toMatch(/^work\.yaml has 1500 problems.*… and 500 more$/s);
  });

  it.each([
    ['aliases of aliases', bomb(), 'makes aliases repeat more than 10000 values'],
    ['an alias of itself', 'beads: &b [*b]', 'is nested deeper than 32 levels'],
    ['brackets', '['.repeat(50_000), 'is nested too deeply'],
    ['lists in lists', '- '.repeat(50_000), 'is nested too deeply'],
  ])('can not blow up: %s', (_, text, problem) => {
    expect(refusal(text).message).toContain(problem);
  });
});

/** Twelve lists, each ten times the one before. */
function bomb(): string {
  const lists = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${(i === 0 ? 'x,' : `*l${i - 1},`).repeat(10)}]`);
  return lists.join('\n');
}

describe('a large work file', () => {
  it('is read in one go: a chain of 10,000 beads, each waiting for the one before', () => {
    const beads = Array.from({ length: 10_000 }, (_, i) => ({
      id: `b${i}`,
      title: 'x',
      dependsOn: i ? [`b${i - 1}`] : [],
    }));
    expect(parse(JSON.stringify({ beads })).beads).toHaveLength(10_000);
  });
});

describe('findCycle', () => {
  const edges = (record: Record<string, string[]>) => new Map(Object.entries(record));

  it('finds a circle and closes it', () => {
    expect(findCycle(edges({ x: ['a'], a: ['b', 'c'], b: [], c: ['d'], d: ['a'] }))).toEqual(['a', 'c', 'd', 'a']);
  });

  it('finds none in diamonds, and ignores names that are no key', () => {
    expect(findCycle(edges({ a: ['b', 'c'], b: ['d'], c: ['d'], d: ['elsewhere'] }))).toBeNull();
  });

  it('walks a chain of 100,000 and the circle that closes it', () => {
    const chain = new Map(Array.from({ length: 100_000 }, (_, i) => [`${i}`, [`${i + 1}`]]));
    expect(findCycle(chain)).toBeNull();
    chain.set('99999', ['0']);
    expect(findCycle(chain)).toHaveLength(100_001);
  });
});

describe('BeadInput', () => {
  it('is what HTTP takes too, without an id and with defaults', () => {
    expect(BeadInput.parse({ title: 'x' })).toEqual({ title: 'x', body: '', priority: 2, labels: [], dependsOn: [] });
    expect(BeadInput.safeParse({ title: 'x', status: 'closed' }).success).toBe(false);
    expect(BeadInput.safeParse({ title: 'x', dependsOn: ['../etc'] }).success).toBe(false);
  });
});
