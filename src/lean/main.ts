/** The program of the lean engine: a runtime's call. Runs when the process is begun, not when the heap is saved. */
import './prelude';
import { runPlugin } from '../bin/plugin';
import { tellVersions } from '../bin/versions';
import { writeSync } from '../kernel/fs';
import { libc } from '../kernel/libc';
import { CryptoHasher } from './hash';
import { host } from './host';
import { setProgram } from './prelude';
import { parse } from './yaml';

Object.assign(globalThis, { Bun: { CryptoHasher, YAML: { parse }, hash: { xxHash3: host.xxHash3 } } });
libc(); // its functions are bound before the heap is saved

setProgram(() => {
  if (process.env.CNI_COMMAND === 'VERSION') tellVersions();
  else runPlugin().catch(giveUp);
});

/** Not even the error object could be written. */
function giveUp(error: unknown): never {
  writeSync(2, `braid: ${error instanceof Error ? `${error.message}\n${error.stack}` : String(error)}\n`);
  return process.exit(1);
}
