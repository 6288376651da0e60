/** The node's edges for a command of people, from a configuration file. Reads that file. */
import type { Edges } from '../attach/ports';
import { parseConfigForDel } from '../cni/config';
import { fail } from '../error';
import { isRecord, parseObject } from '../json';
import { readNamed } from './documents';
import { openEdges } from './edges';

/** The node's edges as its configuration file says; without one, with the defaults. `path`: where else plugins are. */
export function nodeEdges(file: string | undefined, path: readonly string[] = []): Edges {
  return openEdges(parseConfigForDel(readNodeConfig(file)), path);
}

/** The text of the node's configuration of type braid; without a file, one of defaults. ConfigInvalid. */
function readNodeConfig(file: string | undefined): string {
  return file === undefined ? defaults : readConfig(file);
}

/** The text of a configuration without any keys. */
export const defaults = '{"name":"braid","type":"braid"}';

/** The configuration of type braid in that file, as ownPlugin. */
export function readConfig(file: string): string {
  return ownPlugin(readNamed(file), file);
}

/** From a file's text to its configuration of type braid: the file itself, or the plugin of that type in a list, with the list's name and version. ConfigInvalid. */
export function ownPlugin(text: string, file: string): string {
  const whole = parseObject(text, file);
  const { plugins, name, cniVersion } = whole;
  const own = Array.isArray(plugins) ? plugins.filter(isRecord).find(({ type }) => type === 'braid') : whole;
  return own === undefined
    ? fail('ConfigInvalid', `Cannot use ${file}: no plugin of type braid in it`)
    : JSON.stringify({ ...own, name: own.name ?? name, cniVersion: own.cniVersion ?? cniVersion });
}
