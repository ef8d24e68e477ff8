/** Says what is wrong with the syntax of a file in our own words: the parser's messages may quote secrets. */
import type { ErrorCode } from 'yaml';
import type { Problem } from './problems.ts';

type Words = Pick<Problem, 'problem' | 'remedy'>;

const INDENT: Words = {
  problem: 'is indented wrongly',
  remedy: 'indent with spaces, the members of one map or list alike',
};
const CLOSE: Words = {
  problem: 'lacks a ":", a "," or a closing quote or bracket',
  remedy: 'add what is missing here or above',
};
const QUOTE: Words = {
  problem: 'has text that needs quotes',
  remedy: 'put it in quotes, or write it as a block after "|"',
};
const PLAIN: Words = { problem: 'has an anchor or tag where none can be', remedy: 'write the value itself' };

const WORDS: Partial<Record<ErrorCode, Words>> = {
  ALIAS_PROPS: PLAIN,
  BAD_ALIAS: PLAIN,
  BAD_DIRECTIVE: { problem: 'has a "%" directive that is not known', remedy: 'remove it' },
  BAD_DQ_ESCAPE: {
    problem: 'has an unknown "\\" escape',
    remedy: 'write "\\\\" for a backslash, or use single quotes',
  },
  BAD_INDENT: INDENT,
  BAD_PROP_ORDER: PLAIN,
  BAD_SCALAR_START: QUOTE,
  BLOCK_AS_IMPLICIT_KEY: INDENT,
  BLOCK_IN_FLOW: { problem: 'has a block inside brackets', remedy: 'write the value in brackets or quotes too' },
  KEY_OVER_1024_CHARS: { problem: 'has a very long key', remedy: 'look for a ":" in text that needs quotes' },
  MISSING_CHAR: CLOSE,
  MULTILINE_IMPLICIT_KEY: {
    problem: 'has a key of several lines',
    remedy: 'look for a ":" that is missing, or put the text in quotes',
  },
  MULTIPLE_ANCHORS: PLAIN,
  MULTIPLE_DOCS: { problem: 'holds more than one document', remedy: 'keep one, without "---" between' },
  MULTIPLE_TAGS: PLAIN,
  RESOURCE_EXHAUSTION: { problem: 'is nested too deeply', remedy: 'flatten it' },
  TAB_AS_INDENT: INDENT,
  TAG_RESOLVE_FAILED: { problem: 'has a "!" tag, which is not read', remedy: 'remove it, or put the text in quotes' },
  UNEXPECTED_TOKEN: QUOTE,
};

/** What to tell for an error of the YAML parser. */
export function syntaxProblem(code: ErrorCode): Words {
  return WORDS[code] ?? { problem: 'is no YAML or JSON', remedy: 'correct the syntax' };
}
