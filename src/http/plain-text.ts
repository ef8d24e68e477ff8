/** Text of strangers, made safe to print: a terminal obeys what is between the letters. */
import { stripVTControlCharacters } from 'node:util';

const controls = /(?![\n\t])\p{Cc}/gu;

/** Drops escape sequences (colours, titles, the clipboard's) and every control character but line breaks and tabs. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(controls, '');
}
