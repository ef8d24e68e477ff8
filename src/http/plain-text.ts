/** Text of strangers, made safe to print: a terminal obeys what is between the letters. */
import { stripVTControlCharacters } from 'node:util';

const controls = /(?![\n\t])\p{Cc}/gu;
/** A longer sequence that does not end is none that anybody would wait for. */
const SEQUENCE_MAX = 256;

/** Drops escape sequences (colours, titles, the clipboard's) and every control character but line breaks and tabs. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(controls, '');
}

/** Where an escape sequence begins that the text breaks off in; the text's length when there is none. */
export function unfinishedAt(text: string): number {
  const begins = text.lastIndexOf('\u001b');
  if (begins < 0 || text.length - begins > SEQUENCE_MAX) return text.length;
  const rest = text.slice(begins + 1);
  if (rest === '') return begins;
  // A control sequence ends with a letter or a sign, a title or a link with a bell or ESC \.
  if (rest.startsWith('[')) return /^\[[\x20-\x3f]*[\x40-\x7e]/.test(rest) ? text.length : begins;
  if (/^[\]PX^_]/.test(rest)) return rest.includes('\u0007') ? text.length : begins;
  return /^[\x20-\x2f]*[\x30-\x7e]/.test(rest) ? text.length : begins;
}
