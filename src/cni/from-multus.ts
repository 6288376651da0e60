/** Takes over a node's Multus configuration: what becomes of each key. Pure. */
import { isRecord, type Json, parseObject } from '../json';

/** Keys that Braid has with the same meaning. */
const kept = [
  ...['clusterNetwork', 'defaultNetworks', 'multusNamespace', 'systemNamespaces', 'namespaceIsolation'],
  ...[
    'globalNamespaces',
    'confDir',
    'binDir',
    'readinessindicatorfile',
    'logFile',
    'logLevel',
    'logToStderr',
    'logOptions',
  ],
];

const defaultCniDir = '/var/lib/cni/multus';

/** Keys that are left out on purpose. */
const dropped: Readonly<Record<string, string>> = {
  kubeconfig: 'a long-lived credential on the node; the runtime and the agent give what it was for',
  cniDir: "Multus' own records; Braid has its own",
  cniConf: 'Multus does not read it either',
  socketDir: "the Multus daemon's socket",
  retryDeleteOnError: 'a record stays until its DEL has succeeded, always',
};

/** What Braid's installer writes of itself. */
const ours = ['cniVersion', 'name', 'type', 'capabilities'];

/** What is taken over from Multus, and what is not. */
export interface Migration {
  readonly file: string;
  /** Keys for Braid's configuration. */
  readonly keys: Json;
  readonly dropped: readonly { readonly key: string; readonly why: string }[];
  /** The file of the directory that Multus' first delegate is a copy of. */
  readonly primary: string | undefined;
  /** Where Multus' own records are. */
  readonly cniDir: string;
}

/**
 * Reads Multus' configuration file `file`. A first delegate that is a copy of one of `others` becomes a reference to it; a
 * delegate without such a file stays written out. DecodeFailed when the text is no JSON object.
 */
export function fromMultus(
  file: string,
  text: string,
  others: readonly { readonly name: string; readonly text: string }[],
): Migration {
  const whole = parseObject(text, file);
  const plugin = Array.isArray(whole.plugins) ? whole.plugins.filter(isRecord).find(isMultus) : whole;
  const keys: Record<string, unknown> = {};
  const left: { key: string; why: string }[] = [];
  for (const [key, value] of Object.entries(plugin ?? {})) {
    const known = kept.find((each) => each.toLowerCase() === key.toLowerCase());
    if (known !== undefined) keys[known] = value;
    else if (key !== 'delegates' && !ours.includes(key))
      left.push({ key, why: dropped[key] ?? 'Braid has no such key' });
  }
  const delegates = Array.isArray(plugin?.delegates) ? plugin.delegates.filter(isRecord) : [];
  const primary = keys.clusterNetwork === undefined ? findCopied(delegates, others) : undefined;
  if (keys.clusterNetwork === undefined && primary === undefined && delegates.length > 0) keys.delegates = delegates;
  const { cniDir } = plugin ?? {};
  const own = typeof cniDir === 'string' && cniDir.startsWith('/') ? cniDir : defaultCniDir;
  return { file, keys, dropped: left, primary, cniDir: own };
}

/** Whether the text is a configuration of Multus, thin or thick. */
export function isMultusConf(text: string): boolean {
  try {
    const conf = parseObject(text, 'file');
    return Array.isArray(conf.plugins) ? conf.plugins.filter(isRecord).some(isMultus) : isMultus(conf);
  } catch {
    return false;
  }
}

const isMultus = ({ type }: Json): boolean => type === 'multus' || type === 'multus-shim';

/** The file whose document the one delegate is, or whose network it names. */
function findCopied(
  delegates: readonly Json[],
  others: readonly { readonly name: string; readonly text: string }[],
): string | undefined {
  const [first] = delegates;
  if (first === undefined || delegates.length > 1) return undefined;
  const same = others.find(({ text }) => {
    try {
      const conf = parseObject(text, 'file');
      return JSON.stringify(conf) === JSON.stringify(first) || (conf.name !== undefined && conf.name === first.name);
    } catch {
      return false;
    }
  });
  return same?.name;
}
