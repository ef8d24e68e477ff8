/**
 * The folder of a runner: one process at a time works in it, and always as the same runner of the same town. Epochs of
 * one town say nothing in another.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, readJson, writePrivate } from '../../agents/files.ts';
import { identify, isAlive, type ProcessIdentity } from '../../agents/processes.ts';
import { Refused } from '../../core/errors.ts';

const triesMax = 5;

/** Who works in a folder. The token is that of one runner in one town: its mark tells them apart, and opens nothing. */
export type FolderHolder = { readonly id: string; readonly token: string; readonly pid: number };

const markDigits = 12;

/** Stands for a runner of a town in names that everybody may see. */
export function markOf(token: string): string {
  return createHash('sha256').update(`mark of ${token}`).digest('hex').slice(0, markDigits);
}

/**
 * Takes the folder for a process; resolves with what gives it back.
 * @throws Refused `busy` when another process has it, `conflict` when it is another runner's.
 */
export async function takeFolder(directory: string, { id, token, pid }: FolderHolder): Promise<() => Promise<void>> {
  await makePrivateFolder(directory);
  const inside = join(directory, 'private');
  await mkdir(inside, { recursive: true, mode: 0o700 });
  const [lock, name] = [join(inside, 'lock.json'), join(inside, 'runner.json')];
  await takeLock(lock, { directory, pid });
  const mine = { id, mark: markOf(token) };
  const known = await readJson<typeof mine>(name);
  if (known !== null && (known.id !== mine.id || known.mark !== mine.mark)) {
    await rm(lock, { force: true });
    const whose = known.id === id ? `runner ${id} of another town, or with an earlier token` : `runner ${known.id}`;
    throw new Refused('conflict', `${directory} is that of ${whose}: give another --dir, or remove it with its runs`);
  }
  await writePrivate(name, JSON.stringify(mine));
  return () => rm(lock, { force: true });
}

async function takeLock(lock: string, { directory, pid }: { directory: string; pid: number }): Promise<void> {
  const mine = `${lock}.${pid}`;
  await writeFile(mine, JSON.stringify(identify(pid) ?? { pid, startedAt: '' }), { mode: 0o600 });
  try {
    for (let tries = 1; tries <= triesMax; tries += 1) {
      if (await succeeds(link(mine, lock))) return;
      const holder = await readJson<ProcessIdentity>(lock);
      if (holder !== null && isAlive(holder)) {
        throw new Refused('busy', `process ${holder.pid} is a runner in ${directory}: end it, or give another --dir`);
      }
      await removeDead(lock, `${mine}.old`);
    }
    throw new Refused(
      'busy',
      `${directory} is taken by others again and again: look for runners that are started anew`,
    );
  } finally {
    await rm(mine, { force: true });
  }
}

/** Left by one that was killed. Another one may have taken its place since it was looked at: that is put back. */
async function removeDead(lock: string, aside: string): Promise<void> {
  if (!(await succeeds(rename(lock, aside)))) return;
  const holder = await readJson<ProcessIdentity>(aside);
  if (holder !== null && isAlive(holder)) await succeeds(link(aside, lock));
  await rm(aside, { force: true });
}

function succeeds(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
