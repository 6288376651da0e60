/** One verb of the meta-plugin that works: configuration in, text for stdout out. Acts through the edges. */

import { findDelegate } from '../../plugins';
import type { Delegate } from '../attach/delegate';
import { handleAdd, handleCheck, handleDel, handleGc, handleStatus } from '../attach/handle';
import type { Edges, HostLinks } from '../attach/ports';
import { type NetConf, parseConfig, parseConfigForDel } from '../cni/config';
import type { Request } from '../cni/request';
import { requireAllowed } from '../cni/version';
import { type CniError, fail, toCniError } from '../error';
import { openEdges } from './edges';
import { openReport } from './report';

/** Serves the request; `speaks` is told the caller's version as soon as it is known, for the error object. */
export async function serve(request: Request, input: string, speaks: (version: string) => void): Promise<string> {
  const alone = findDelegate(calledAs());
  if (alone !== undefined) return await serveAlone(alone, request, input, speaks);
  const conf = request.command === 'DEL' ? parseConfigForDel(input) : parseConfig(input);
  speaks(conf.cniVersion);
  requireAllowed(conf.cniVersion, request.command);
  return await act(request, conf);
}

async function act(request: Request, conf: NetConf): Promise<string> {
  const report = openReport(conf.cniDir, request);
  let failure: CniError | undefined;
  try {
    return await actOn(request, conf, openEdges(conf, request.path, report));
  } catch (error) {
    failure = toCniError(error);
    throw error;
  } finally {
    await report.end(failure);
  }
}

async function actOn(request: Request, conf: NetConf, edges: Edges): Promise<string> {
  switch (request.command) {
    case 'ADD':
      return await handleAdd(request, conf, edges);
    case 'DEL':
      return await handleDel(request, edges);
    case 'CHECK':
      return await handleCheck(request, edges);
    case 'GC':
      return await handleGc(conf, edges);
    case 'STATUS':
      return await handleStatus(conf, edges);
  }
}

/** By the name of a built-in delegate the executable is that delegate alone, so a link to it replaces the plugin's own. */
async function serveAlone(
  delegate: Delegate,
  request: Request,
  input: string,
  speaks: (version: string) => void,
): Promise<string> {
  const { handleAlone, parseAlone } = await import('../attach/alone');
  const conf = parseAlone(input);
  speaks(conf.network.cniVersion);
  const [binDir = '/opt/cni/bin', ...others] = request.path;
  const edges = { ...openEdges({ ...parseConfigForDel('{}'), binDir }, others), hostLinks: noHostLinks };
  return await handleAlone(delegate, request, conf, edges);
}

/** Shared links of the node are known by Braid's records, and alone a delegate has none. */
const noHostLinks: HostLinks = {
  use: async (link) =>
    fail(
      'FieldUnsupported',
      `Cannot make ${link}: "vlan" and "hostAccess" need the meta-plugin, call this network through braid`,
    ),
  addressesOf: async () => [],
  release: async () => undefined,
  isOnlyUser: async () => false,
  usedBy: async () => [],
  all: async () => [],
  locked: (_, work) => work(),
};

/** The last part of the path by which the executable was started. */
function calledAs(): string {
  return process.argv0.slice(process.argv0.lastIndexOf('/') + 1);
}
