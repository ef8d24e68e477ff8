/**
 * The store on SQLite keeps the contract.
 */
import { join } from 'node:path';
import { openSqlite } from '../../src/store/sqlite.ts';
import { standingEnv } from './building.ts';
import { describeStore } from './contract.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();
let count = 0;

describeStore('sqlite', () =>
  openSqlite({ file: join(folder(), `${++count}.db`), env: standingEnv(), synchronous: 'normal' }),
);
