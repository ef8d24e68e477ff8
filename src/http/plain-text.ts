/** Text of strangers, made safe to print: a terminal obeys what is between the letters. */

// ESC and its one-byte forms, then the parameters of the sequence; OSC and its like run to their terminator.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const controls = /[\p{Cc}--[\n\t]]/gv;

/** Drops escape sequences (colours, titles, the clipboard's) and control characters other than line breaks and tabs. */
export function plainText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(sequences, '').replace(controls, '');
}
