/** The runtime's VERSION, which needs no configuration. Writes stdout, ends the process. */
import { toVersionAnswer } from '../cni/version';
import { writeOutput } from './stdio';

/** Tells which versions of the CNI specification Braid speaks, and ends the process. */
export function tellVersions(): never {
  writeOutput(`${toVersionAnswer()}\n`);
  process.exit(0);
}
