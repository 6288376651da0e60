/** One CNI call: environment and stdin in, result or error object out, exit status. */
import { parseRequest } from '../cni/request';
import { newestVersion, toVersionAnswer } from '../cni/version';
import { toCniError, toErrorObject } from '../error';
import { readInput, writeOutput } from './stdio';

/** Serves the call that the environment describes. Every failure is a CNI error object on stdout and exit status 1. */
export async function runPlugin(): Promise<void> {
  let spoken: string = newestVersion; // until the configuration tells what the caller speaks
  try {
    const request = parseRequest(process.env);
    if (request.command === 'VERSION') return writeOutput(`${toVersionAnswer()}\n`);
    const { serve } = await import('./serve'); // VERSION answers without it: half of the start-up time
    const output = await serve(request, readInput(), (version) => {
      spoken = version;
    });
    writeOutput(output);
  } catch (error) {
    writeOutput(`${JSON.stringify(toErrorObject(toCniError(error), spoken), undefined, 4)}\n`);
    process.exitCode = 1;
  }
}
