/** One CNI call: environment and stdin in, result or error object out, exit status. */
import { handleAdd, handleCheck, handleDel } from '../attach/handle';
import { type NetConf, parseConfig, parseConfigForDel } from '../cni/config';
import { parseRequest, type Request } from '../cni/request';
import { newestVersion, requireAllowed, toVersionAnswer } from '../cni/version';
import { fail, toCniError, toErrorObject } from '../error';
import { openEdges } from './edges';
import { readInput, writeOutput } from './stdio';

/** Serves the call that the environment describes. Every failure is a CNI error object on stdout and exit status 1. */
export async function runPlugin(): Promise<void> {
  let spoken: string = newestVersion; // until the configuration tells what the caller speaks
  try {
    const request = parseRequest(process.env);
    if (request.command === 'VERSION') return writeOutput(`${toVersionAnswer()}\n`);
    const text = readInput();
    const conf = request.command === 'DEL' ? parseConfigForDel(text) : parseConfig(text);
    spoken = conf.cniVersion;
    writeOutput(await serve(request, conf));
  } catch (error) {
    writeOutput(`${JSON.stringify(toErrorObject(toCniError(error), spoken), undefined, 4)}\n`);
    process.exitCode = 1;
  }
}

async function serve(request: Exclude<Request, { command: 'VERSION' }>, conf: NetConf): Promise<string> {
  requireAllowed(conf.cniVersion, request.command);
  const edges = openEdges(conf, request.path);
  switch (request.command) {
    case 'ADD':
      return await handleAdd(request, conf, edges);
    case 'DEL':
      return await handleDel(request, edges);
    case 'CHECK':
      return await handleCheck(request, edges);
    default:
      return fail('EnvironmentInvalid', `Cannot serve CNI_COMMAND ${request.command}: not supported yet`);
  }
}
