/** Edits of a solution: `write` a whole file, `append` to one, or `search` a text that is there once and `replace` it. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

async function applyEdit(edit, folder) {
  const path = join(folder, edit.file);
  if (edit.append !== undefined) return appendFile(path, edit.append);
  if (edit.write !== undefined) {
    await mkdir(dirname(path), { recursive: true });
    return writeFile(path, edit.write);
  }
  const pieces = (await readFile(path, 'utf8')).split(edit.search);
  if (pieces.length !== 2) throw new Error(`${edit.file}: the text to replace is there ${pieces.length - 1} times, not once`);
  return writeFile(path, pieces.join(edit.replace));
}

/** Applies edits in order to the files of a folder. */
export async function applyEdits(edits, folder = '.') {
  for (const edit of edits) await applyEdit(edit, folder);
}

/** Leaves the file of an edit cut off in the middle of the new text, as an agent does that dies while it writes. */
export async function applyHalf(edit, folder = '.') {
  const text = edit.write ?? edit.append ?? edit.replace;
  await applyEdit({ file: edit.file, write: text.slice(0, text.length / 2) }, folder);
}
