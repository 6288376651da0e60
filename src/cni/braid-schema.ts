/** The keys of Braid's own configuration, as the table of them has it. Data only. */
import { cidr, path } from '../net/schema';
import { anything, flag, integer, list, object, oneOf, oneOrMore, type Schema, text } from '../schema';
import type { BraidKey } from './config-fields';

const strings: Schema = { type: 'string' };
const elsewhere = anything('Belongs into the networks.');
const logNumber = (description: string, otherwise: number): Schema =>
  integer(0, 1_000_000, description, { default: otherwise });

const keys: Readonly<Record<BraidKey, Schema>> = {
  cniVersion: anything('Version of the CNI specification. Counts at the top only.'),
  cniVersions: anything('Versions that the configuration fits. Counts at the top only.'),
  name: anything('Name of the network. Counts at the top only.'),
  type: { const: 'braid' },
  capabilities: {
    type: 'object',
    description: 'What the runtime hands over.',
    additionalProperties: { type: 'boolean' },
    examples: [{ 'io.kubernetes.cri.pod-annotations': true, portMappings: true }],
  },
  delegates: anything(
    'Networks that every pod gets; the first is the default network. This or clusterNetwork is needed.',
  ),
  clusterNetwork: text(
    'The default network: a path, or the name of a definition in multusNamespace or of a file in confDir. Wins over delegates.',
  ),
  defaultNetworks: list(strings, 'More networks for every pod, named as in clusterNetwork.'),
  networksDir: oneOrMore(path('', { pattern: '^(/[^\\u0000]*)?$' }), 'Directories with NetworkAttachmentDefinitions.'),
  kubeconfig: path('File by which the API server is asked.'),
  confDir: path('CNI files by name, for definitions without spec.config.', { default: '/etc/cni/multus/net.d' }),
  binDir: path('Programs of plugins that are not built in.', { default: '/opt/cni/bin' }),
  cniDir: path("Braid's records.", { default: '/var/lib/cni/braid' }),
  multusNamespace: text('Namespace of the definitions that clusterNetwork and defaultNetworks name.', {
    default: 'kube-system',
  }),
  systemNamespaces: list(strings, 'Namespaces whose pods do not get defaultNetworks.', { default: ['kube-system'] }),
  namespaceIsolation: flag('A pod may use networks of its own namespace and of globalNamespaces only.'),
  globalNamespaces: oneOrMore(strings, 'Namespaces whose networks every pod may use; as text with commas between.'),
  result: oneOf(
    ['merged', 'default-network'],
    "All networks in one result, or the default network's alone (for CRI-O).",
  ),
  isolation: flag('Further networks are for the pod itself: nothing is forwarded between them.', true),
  defaultRouteGuard: flag("A further network's default route stays behind the default network's.", true),
  clusterCIDRs: oneOrMore(cidr('', '10.244.0.0/16'), 'Subnets of pods and services: they stay on the default network.'),
  strict: flag('Every warning is an error.'),
  externalDelegates: {
    description: 'Plugins that run as programs although Braid has them: all, none, or these types.',
    anyOf: [{ type: 'boolean' }, { type: 'array', items: strings }],
    default: false,
  },
  delegateTimeout: integer(1, 86400, 'Seconds that one call of a program may take.', { default: 60 }),
  readinessindicatorfile: path('ADD waits for this file, at most 45 s.'),
  logLevel: text('panic (nothing), error, verbose or debug.', {
    default: 'panic',
    examples: ['panic', 'error', 'verbose', 'debug'],
  }),
  logToStderr: flag('Write the log to stderr.', true),
  logFile: path('Write the log to this file, too.'),
  logOptions: object(
    {
      maxAge: logNumber('Days.', 5),
      maxSize: logNumber('Megabytes.', 100),
      maxBackups: logNumber('Files.', 5),
      compress: flag('Compress old files.', true),
    },
    'Read, and without effect: rotate the file with logrotate.',
  ),
  retryDeleteOnError: flag('Without effect: a record stays until its DEL has succeeded.'),
  daemonSocketDir: anything('Without effect: there is no daemon.'),
  auxiliaryCNIChainName: {
    type: ['string', 'array'],
    maxLength: 0,
    maxItems: 0,
    description: 'Refused unless it is empty.',
  },
  dialects: { type: ['string', 'array'], maxLength: 0, maxItems: 0, description: 'Refused unless it is empty.' },
  ipam: elsewhere,
  dns: elsewhere,
  args: elsewhere,
  plugins: elsewhere,
  prevResult: anything("CHECK compares with Braid's own record."),
  runtimeConfig: anything('Added by the runtime.'),
  disableCheck: anything('CHECK is not called.'),
  disableGC: anything('GC is not called.'),
};

/** The configuration of type `braid` alone. */
export const braidSchema: Schema = object(keys, 'Braid on a node.', {
  required: ['type'],
  if: { required: ['clusterNetwork'] },
  else: {
    required: ['delegates'],
    properties: { delegates: { type: 'array', minItems: 1, items: { $ref: 'network.json' } } },
  },
});
