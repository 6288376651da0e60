/** One CNI call that works: environment and stdin in, result or error object out, exit status. */
import { parseRequest } from '../cni/request';
import { newestVersion } from '../cni/version';
import { toCniError, toErrorObject } from '../error';
import { serve } from './serve';
import { readInput, writeOutput } from './stdio';

/**
 * Serves the call that the environment describes, and ends the process. Every failure is a CNI error object on stdout and
 * exit status 1. Ending it here leaves the heap to the kernel: to run out costs 1 ms more.
 */
export async function runPlugin(): Promise<never> {
  process.exit((await answered()) ? 0 : 1);
}

/** Whether the call succeeded; its answer is written. */
async function answered(): Promise<boolean> {
  let spoken: string = newestVersion; // until the configuration tells what the caller speaks
  try {
    const request = parseRequest(process.env);
    const output = await serve(request, readInput(), (version) => {
      spoken = version;
    });
    writeOutput(output);
    return true;
  } catch (error) {
    writeOutput(`${JSON.stringify(toErrorObject(toCniError(error), spoken), undefined, 4)}\n`);
    return false;
  }
}
