/** The node's edges for a command of people, from a configuration file. Reads that file. */
import { readFileSync } from 'node:fs';
import type { Edges } from '../attach/ports';
import { parseConfigForDel } from '../cni/config';
import { fail } from '../error';
import { openEdges } from './edges';

/** The node's edges as its configuration file says; without one, with the defaults. */
export function nodeEdges(file: string | undefined): Edges {
  return openEdges(parseConfigForDel(readNodeConfig(file)), []);
}

/** The text of the node's configuration of type braid; without a file, one of defaults. ConfigInvalid. */
function readNodeConfig(file: string | undefined): string {
  return file === undefined ? defaults : ownPlugin(readFileSync(file, 'utf8'), file);
}

/** The text of a configuration without any keys. */
export const defaults = '{"name":"braid","type":"braid"}';

/** From a file's text to its configuration of type braid: the file itself, or the plugin of that type in a list. ConfigInvalid. */
export function ownPlugin(text: string, file: string): string {
  const whole: unknown = JSON.parse(text);
  const plugins = (whole as { plugins?: readonly { type?: unknown }[] }).plugins;
  const own = plugins === undefined ? whole : plugins.find(({ type }) => type === 'braid');
  return own === undefined
    ? fail('ConfigInvalid', `Cannot use ${file}: no plugin of type braid in it`)
    : JSON.stringify(own);
}
