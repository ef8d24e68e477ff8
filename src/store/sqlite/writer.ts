/**
 * The one writer on an open database: its commits, its backup and its rest.
 */
import type Database from 'better-sqlite3';
import { Bug, Refused, Terminal } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import { type CommitHost, Commits, wrapped } from '../commits.ts';
import { Journal } from '../journal.ts';
import type { Lock } from '../lock.ts';
import type { Reads, Store, Transaction } from '../port.ts';
import { HEAD, type Head } from '../seal.ts';
import { prepareAll, reads } from '../statements.ts';
import { writes } from '../write-statements.ts';
import { copyDatabase } from './backup.ts';
import { type ReadStatements, Register, type WriteStatements } from './directory.ts';
import { translated } from './failures.ts';
import { readsOf } from './lists.ts';
import { Population } from './population.ts';
import { Sealer } from './sealer.ts';
import { writesOf } from './transaction.ts';

type Opened = { readonly db: Database.Database; readonly env: Env; readonly lock: Lock; readonly path: string };
type Statements = { readonly read: ReadStatements; readonly write: WriteStatements };

/** What `openSqlite` gives; the port says what each member does. */
export class Writer implements Store {
  readonly read: Reads;
  readonly #opened: Opened;
  readonly #commits: Commits;
  readonly #transaction: Transaction;
  #closed = false;

  constructor(opened: Opened) {
    const { db, path } = opened;
    const statements = { read: prepareAll(db, reads), write: prepareAll(db, writes) };
    const journal = new Journal();
    const register = new Register(statements, journal);
    const population = new Population(statements.write, journal);
    const members = countedReads(readsOf(statements.read, register), population);
    const head = members.meta(HEAD) as Head;
    const sealer = new Sealer({ write: statements.write, journal, head });
    const boot = takeOwnership(opened, statements.write);
    const seal = () => sealer.close(this.#commits.numbering.last);
    const host = commitHost(opened, { ...statements, population, boot, seal });
    this.#opened = opened;
    this.#commits = new Commits({ host, journal, lastSeq: members.lastSeq() });
    this.read = readingOf(members, path);
    const { numbering } = this.#commits;
    this.#transaction = {
      ...this.read,
      lastSeq: () => numbering.last,
      ...this.#commits.guarded(writesOf({ ...statements, register, population, sealer }, numbering)),
      savepoint: (work) => this.#commits.savepoint(work),
      writes: () => this.#commits.writes,
    };
  }

  commit<T>(work: (tx: Transaction) => T): T {
    if (this.#closed) throw new Refused('unavailable', `the store ${this.#opened.path} is closed`);
    return this.#commits.commit(this.#transaction, work);
  }

  backup(file: string): Promise<void> {
    return copyDatabase(this.#opened.db, file);
  }

  rest(): void {
    if (this.#closed || this.#commits.working) return;
    try {
      this.#opened.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (thrown) {
      throw translated(thrown, this.#opened.path);
    }
  }

  close(): void {
    if (this.#commits.working) throw new Bug('the store was closed inside a commit');
    if (this.#closed) return;
    this.#closed = true;
    this.#opened.db.close();
    this.#opened.lock.release();
  }
}

/** The reads of a connection, throwing our failures. */
export function readingOf(members: Reads, path: string): Reads {
  return wrapped(members, (member, one, two, three) => {
    try {
      return member(one, two, three);
    } catch (thrown) {
      throw translated(thrown, path);
    }
  });
}

/** Writes down that this process owns the database from now on, and returns the text of it. */
function takeOwnership({ env }: Opened, write: WriteStatements): string {
  const boot = JSON.stringify({ id: env.hex(16), pid: process.pid, at: env.clock.now() });
  write.setMeta.run('boot', boot);
  return boot;
}

/** Whoever reads the census inside a commit sees what the commit did. */
function countedReads(members: Reads, population: Population): Reads {
  const census: Reads['census'] = (machine) => {
    population.settle();
    return members.census(machine);
  };
  return { ...members, census };
}

type HostParts = Statements & { readonly population: Population; readonly boot: string; seal(): void };

function commitHost({ db, path }: Opened, { read, write, population, boot, seal }: HostParts): CommitHost {
  return {
    begin: () => {
      write.begin.run();
      if (read.meta.get('boot')?.value === boot) return;
      throw new Terminal(`another process has taken over ${path}; this one (${process.pid}) writes no more. Stop it.`);
    },
    commit: () => {
      population.settle();
      seal();
      write.commit.run();
    },
    rollback: () => void write.rollback.run(),
    save: () => void write.savepoint.run(),
    release: () => void write.release.run(),
    rollbackTo: () => void write.rollbackTo.run(),
    alive: () => db.inTransaction,
    translated: (thrown) => translated(thrown, path),
  };
}
