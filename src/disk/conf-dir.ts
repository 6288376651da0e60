/** CNI configuration files as libcni reads them: .conflist, .conf and .json in one directory. Reads the disk. */

import type { Log, NetworkDefinition } from '../attach/ports';
import { type CniError, fail, toCniError } from '../error';
import { type Json, parseObject, shown } from '../json';
import { readdirSync } from '../kernel/fs';
import { networkName } from '../net/names';
import { dirname, extname, join } from '../path';
import { readText } from './files';
import { ioUnlessMissing } from './io';

const endings = ['.conf', '.conflist', '.json'];

/** A parsed file; `config` is its text, or the list with its directory's plugins put in. */
interface ConfFile {
  readonly name: string;
  readonly config: string;
  readonly source: string;
}

/**
 * The configuration of that CNI name: all .conflist by file name first, then .conf and .json, as libcni's LoadNetworkConf.
 * A broken file does not hide another one, but is the error when the name stands in it and nowhere else.
 */
export function findConf(directory: string, name: string, log: Log): NetworkDefinition | undefined {
  const files = filesOf(directory, endings) ?? [];
  const ordered = [...files.filter(isList), ...files.filter((path) => !isList(path))];
  let broken: CniError | undefined;
  for (const path of ordered) {
    let text: string | undefined;
    try {
      text = readText(path);
      if (text === undefined || !text.includes(name)) continue;
      const conf = parseObject(text, path, 'NetworkInvalid');
      if (conf.name === name) return toDefinition(toConfFile(conf, text, path));
    } catch (error) {
      const known = toCniError(error);
      log.warn({ path, error: known.problem }, 'Skipped a network configuration that cannot be read');
      if (mentions(text, name)) broken ??= known;
    }
  }
  if (broken !== undefined) throw broken;
  return undefined;
}

/** Whether the name stands in the text as a word of its own. */
export function mentions(text: string | undefined, name: string): boolean {
  const inWord = /[\w.-]/;
  for (let at = text?.indexOf(name) ?? -1; text !== undefined && at >= 0; at = text.indexOf(name, at + 1)) {
    if (!inWord.test(text[at - 1] ?? ' ') && !inWord.test(text[at + name.length] ?? ' ')) return true;
  }
  return false;
}

/** The configuration in that file, or in the first file of that directory; `undefined` when there is neither. */
export function findConfAt(path: string): NetworkDefinition | undefined {
  if (!path.startsWith('/'))
    fail('NetworkInvalid', `Cannot use ${shown(path)} as the path of a network: need an absolute path`);
  const inDirectory = filesOf(path, endings);
  const file = inDirectory === undefined ? path : inDirectory[0];
  const text = file === undefined ? undefined : readText(file);
  return file === undefined || text === undefined
    ? undefined
    : toDefinition(toConfFile(parseObject(text, file, 'NetworkInvalid'), text, file));
}

function toDefinition({ name, config, source }: ConfFile): NetworkDefinition {
  return { namespace: undefined, name, config, source, resourceName: undefined };
}

function toConfFile(conf: Json, text: string, path: string): ConfFile {
  const name = networkName(conf.name, `name in ${path}`);
  return { name, config: isList(path) ? listText(conf, text, name, path) : singleText(conf, text, path), source: path };
}

function singleText(conf: Json, text: string, path: string): string {
  if (typeof conf.type !== 'string' || conf.type === '')
    fail('NetworkInvalid', `Cannot use ${path}: need "type", or the ending .conflist for a list of plugins`);
  return text;
}

/** The list, with the plugins of `<directory>/<name>/*.conf` behind its own unless it says loadOnlyInlinedPlugins. */
function listText(conf: Json, text: string, name: string, path: string): string {
  const own = conf.plugins ?? [];
  if (!Array.isArray(own)) return fail('NetworkInvalid', `Cannot use ${shown(own)} as plugins in ${path}: need a list`);
  const more = saysTrue(conf.loadOnlyInlinedPlugins) ? [] : pluginFiles(join(dirname(path), name));
  if (own.length + more.length === 0)
    fail('NetworkInvalid', `Cannot use ${path}: need at least one plugin in "plugins"`);
  return more.length === 0 ? text : JSON.stringify({ ...conf, plugins: [...own, ...more] });
}

function pluginFiles(directory: string): readonly Json[] {
  return (filesOf(directory, ['.conf']) ?? []).map((path) => parseObject(readText(path) ?? '', path, 'NetworkInvalid'));
}

/** true, or libcni's spelling of it as a string in any case. */
function saysTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

function isList(path: string): boolean {
  return path.endsWith('.conflist');
}

/** Files with one of the endings, by name, without hidden ones; `undefined` when there is no such directory. */
export function filesOf(directory: string, endings: readonly string[]): readonly string[] | undefined {
  const names = ioUnlessMissing('read', directory, () => readdirSync(directory));
  return names
    ?.filter((name) => !name.startsWith('.') && endings.includes(extname(name)))
    .sort()
    .map((name) => join(directory, name));
}
