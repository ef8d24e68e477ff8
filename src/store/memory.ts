/**
 * The store in memory, for simulators and tests: the same rows in the same order as on SQLite, gone with the process.
 */
import { Bug, Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { type CommitHost, Commits } from './commits.ts';
import { Journal } from './journal.ts';
import { memoryReads } from './memory/reads.ts';
import { stored, Tables } from './memory/tables.ts';
import { memoryWrites } from './memory/writes.ts';
import type { Store, Transaction } from './port.ts';

/** Opens an empty store. `backup` refuses: there is no file to copy. */
export function openMemory({ env }: { readonly env: Env }): Store {
  const journal = new Journal();
  const tables = new Tables(journal);
  const host = commitHost();
  const commits = new Commits({ host, journal, lastSeq: 0 });
  const read = memoryReads(tables);
  let closed = false;
  const transaction: Transaction = {
    ...read,
    lastSeq: () => commits.numbering.last,
    ...commits.guarded(memoryWrites(tables, commits.numbering)),
    savepoint: (work) => commits.savepoint(work),
    writes: () => commits.writes,
  };
  tables.meta.set('boot', stored({ id: env.hex(16), pid: process.pid, at: env.clock.now() }));
  journal.clear();
  return {
    read,
    commit: (work) => {
      if (closed) throw new Refused('unavailable', 'the store in memory is closed');
      return commits.commit(transaction, work);
    },
    backup: async (file) => {
      throw new Refused('unavailable', `a store in memory can not be copied to ${file}; open a database instead`);
    },
    rest: () => {},
    close: () => {
      if (commits.working) throw new Bug('the store was closed inside a commit');
      closed = true;
    },
  };
}

/** The journal does all that a database would do. */
function commitHost(): CommitHost {
  const nothing = () => {};
  return {
    begin: nothing,
    commit: nothing,
    rollback: nothing,
    save: nothing,
    release: nothing,
    rollbackTo: nothing,
    alive: () => true,
    translated: (thrown) => thrown,
  };
}
