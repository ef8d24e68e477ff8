/**
 * Takes secrets out of text before anything keeps or shows it: known values in their usual disguises, and what looks
 * like a credential.
 */

export type Mask = (text: string) => string;

/** Text that comes in pieces: what `push` and `end` return is masked, also where a secret spans pieces. */
export type MaskStream = { push(text: string): string; end(): string };

const masked = '[masked]';
/** Shorter values are everyday words and digits: hiding them would only garble the text. */
const lengthMin = 6;
/** A line without an end is let through in parts of this many characters. */
const lineMax = 16_384;

/**
 * A key, with its headers, as lines or as one JSON string; what is no part of a key ends it, so that prose about keys
 * stays.
 */
const privateKey = new RegExp(
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/,
    /(?:\s*[A-Za-z-]{1,30}: [^\n]{0,200}\n)*/,
    /(?:\s|\\[rn]|[A-Za-z0-9+/=])*/,
    /(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/,
  ]
    .map(({ source }) => source)
    .join(''),
  'g',
);
const keyBegins = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?!.*-----END)/s;
const keyEnds = /-----END [A-Z ]{0,40}PRIVATE KEY-----/;
const keyGoesOn = /^\s*(?:[A-Za-z0-9+/=]*|[A-Za-z-]{1,30}: .{0,200})\s*$/;

/** Quantifiers are bounded, so that hostile output costs linear time. The first group, where there is one, stays. */
const patterns: readonly RegExp[] = [
  privateKey,
  /(\b(?:proxy-)?authorization["']?\s{0,8}[:=]\s{0,8}["']?)(?:[a-z]{5,6}\s{1,8})?[^\s"',}]{1,4096}/gi,
  /(\bbearer\s{1,8})[\w.~+/=-]{16,4096}/gi,
  /\bsk-[\w-]{16,512}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,512}|github_pat_\w{20,512})/g,
  /\bxox[a-z]-[A-Za-z0-9-]{10,512}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{0,4096}/g,
  /(?<=:\/\/)[^\s/@:]{0,256}:[^\s/@]{1,512}(?=@)/g,
  /(?<=https?:\/\/)[^\s/@:]{1,512}(?=@)/g,
];

/** A function that masks the given values and all that looks like a credential. Masking twice changes nothing more. */
export function createMask(values: readonly string[]): Mask {
  const known = literals(values);
  return (text) => {
    let result = known === null ? text : text.replace(known, masked);
    for (const pattern of patterns) {
      result = result.replace(pattern, (_, kept: unknown) => (typeof kept === 'string' ? kept + masked : masked));
    }
    return result;
  };
}

/**
 * A mask for a stream. It lets text through by whole lines, so that no secret is cut in two; a private key, which
 * spans lines, is held back from its first line on.
 */
export function createMaskStream(values: readonly string[]): MaskStream {
  const mask = createMask(values);
  let waiting = '';
  let inKey = false;

  const line = (text: string): string => {
    if (inKey) {
      if (keyGoesOn.test(text)) return '';
      inKey = false;
      if (keyEnds.test(text)) return '';
    }
    const result = mask(text);
    inKey = keyBegins.test(text);
    return inKey && !result.endsWith('\n') ? `${result}\n` : result;
  };

  return {
    push(text) {
      waiting += text;
      const ends = Math.max(waiting.lastIndexOf('\n'), waiting.lastIndexOf('\r')) + 1;
      let result = linesOf(waiting.slice(0, ends)).map(line).join('');
      waiting = waiting.slice(ends);
      if (waiting.length > lineMax) {
        const part = mask(waiting);
        result += inKey ? '' : part.slice(0, -lineMax / 2);
        waiting = part.slice(-lineMax / 2);
      }
      return result;
    },
    end() {
      const rest = waiting === '' ? '' : line(waiting);
      waiting = '';
      return rest;
    },
  };
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\r\n]*[\r\n]+|[^\r\n]+$/g) ?? [];
}

/** One expression for all the forms of all the values; the longest first, so that a part does not hide the whole. */
function literals(values: readonly string[]): RegExp | null {
  const forms = new Set(values.flatMap(parts).filter(isLongEnough).flatMap(disguises).filter(isLongEnough));
  if (forms.size === 0) return null;
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

/** A value of several lines is printed line by line: each line is a secret of its own. */
function parts(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).filter((text) => text !== '');
  return lines.length > 1 ? [value, ...lines] : [value.trim()];
}

function disguises(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const hex = bytes.toString('hex');
  const percent = encodeURIComponent(bytes.toString('utf8'));
  const everyByte = hex.replace(/../g, '%$&');
  const base64 = [0, 1, 2].map((offset) => base64Inside(bytes, offset));
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    hex,
    hex.toUpperCase(),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    everyByte,
    everyByte.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** The characters that stand for the value, and nothing else, where it begins `offset` bytes into what was encoded. */
function base64Inside(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function isLongEnough(value: string): boolean {
  return value.length >= lengthMin;
}
