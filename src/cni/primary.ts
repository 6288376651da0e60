/** Which file of a CNI configuration directory is the cluster's own network. Pure. */
import { toCniError } from '../error';
import { isRecord, type Json, parseObject } from '../json';

/** A file of the directory: its name without the directory, and its text. */
export interface ConfText {
  readonly name: string;
  readonly text: string;
}

/** The network that pods get first. */
export interface Primary {
  readonly file: string;
  readonly network: string;
  readonly types: readonly string[];
  /** Capabilities that one of its plugins declares. */
  readonly capabilities: readonly string[];
}

/** What lies in the directory: the primary, if one can be used, and why each other file is not it. */
export interface Choice {
  readonly primary: Primary | undefined;
  readonly passedOver: readonly PassedOver[];
}

export interface PassedOver {
  readonly file: string;
  readonly why: string;
}

/** Plugins that only call others: what they name is the network, never they. */
const metaPlugins = ['multus', 'multus-shim', 'genie', 'danm', 'fakeipam'];

/** Files that packages leave behind and no cluster uses: by name of the file, or of the network in it. */
const strays: readonly (readonly [file: RegExp, network: RegExp, whose: string])[] = [
  [/^\d*-?podman(-bridge)?\./, /^podman/, "podman's default"],
  [/^\d*-?crio(-ipv[46])?(-bridge)?\./, /^crio(-bridge)?$/, "CRI-O's default"],
  [/^nerdctl-/, /^nerdctl/, "nerdctl's default"],
  [/^\d*-?containerd-net\./, /^containerd-net$/, "containerd's example"],
  [/loopback\./, /^(cni-)?loopback$/, 'the loopback'],
];

/** What runtimes read: libcni's endings; a name with a dot in front is a temporary file. */
const isConf = (name: string): boolean => /^[^.].*\.(conf|conflist|json)$/.test(name);

/**
 * Chooses among the files as a runtime would, by name, but never Braid's own, another meta-plugin, a known stray or what
 * cannot be read yet. `wanted`: the administrator's choice, which may be a stray. `before`: the choice of the last
 * time, kept while it can be used, so that a newcomer does not take over.
 */
export function choosePrimary(
  files: readonly ConfText[],
  { wanted, before }: { readonly wanted?: string | undefined; readonly before?: string | undefined } = {},
): Choice {
  const looked = [...files].sort((a, b) => (a.name < b.name ? -1 : 1)).map((file) => look(file, wanted));
  const usable = looked.flatMap((one) => ('network' in one ? [one] : []));
  const primary =
    wanted === undefined
      ? (usable.find(({ file }) => file === before) ?? usable[0])
      : usable.find(({ file }) => file === wanted);
  const passedOver = looked.flatMap((one) => {
    if ('why' in one) return [one];
    if (one === primary) return [];
    return [{ file: one.file, why: `${primary?.file ?? wanted ?? 'another file'} is the primary network` }];
  });
  return { primary, passedOver };
}

/** Whether the text is a configuration that Braid's installer, or an administrator, made for Braid. */
export function isOwn(text: string): boolean {
  try {
    return pluginsOf(parseObject(text, 'file')).some(({ type }) => type === 'braid');
  } catch {
    return false;
  }
}

function look({ name, text }: ConfText, wanted: string | undefined): Primary | PassedOver {
  const passOver = (why: string): PassedOver => ({ file: name, why });
  if (!isConf(name)) return passOver(`runtimes do not read this ending${isOwn(text) ? "; it is Braid's own" : ''}`);
  let conf: Json;
  try {
    conf = parseObject(text, name);
  } catch (error) {
    return passOver(`half-written or broken: ${toCniError(error).problem}`);
  }
  const plugins = pluginsOf(conf);
  const types = plugins.flatMap(({ type }) => (typeof type === 'string' && type !== '' ? [type] : []));
  const network = typeof conf.name === 'string' ? conf.name : '';
  if (types.length === 0) return passOver('no plugin in it has a "type"');
  if (types.includes('braid')) return passOver("Braid's own");
  const meta = types.find((type) => metaPlugins.includes(type));
  if (meta !== undefined) return passOver(`${meta} is a meta-plugin, no network`);
  if (network === '') return passOver('it has no "name"');
  const stray = strays.find(([file, called]) => file.test(name) || called.test(network));
  if (name !== wanted && stray !== undefined) return passOver(`${stray[2]}; --primary ${name} takes it all the same`);
  if (name !== wanted && types.every((type) => type === 'loopback')) return passOver('the loopback');
  return { file: name, network, types, capabilities: capabilitiesOf(plugins) };
}

function pluginsOf(conf: Json): readonly Json[] {
  return Array.isArray(conf.plugins) ? conf.plugins.filter(isRecord) : [conf];
}

function capabilitiesOf(plugins: readonly Json[]): readonly string[] {
  const all = plugins.flatMap(({ capabilities }) =>
    isRecord(capabilities) ? Object.keys(capabilities).filter((key) => capabilities[key] === true) : [],
  );
  return [...new Set(all)].sort();
}
