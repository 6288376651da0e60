/** Keys that every network configuration has, as tables have them. Pure. */
import { cidr, ipAddress } from '../net/schema';
import { anything, flag, integer, type Keys, list, object, type Schema, text } from '../schema';
import { supportedVersions } from './version';

/** A plugin's configuration, by its type. */
export interface PluginSchema {
  readonly type: string;
  readonly schema: Schema;
}

/** `type` and `ipam.type`: looked up as a file. */
const fileName: Schema = { maxLength: 255, pattern: '^(?!\\.{1,2}$)[^/\\u0000]*$', not: { const: 'braid' } };

/** The keys whose meaning is the same in every plugin. */
const common: Keys = {
  name: anything('Name of the network. Default: that of the NetworkAttachmentDefinition. Counts at the top only.'),
  cniVersion: anything('Version of the CNI specification. Counts at the top only.'),
  cniVersions: anything('Versions that the configuration fits. Counts at the top only.'),
  disableCheck: anything('CHECK skips the network. Counts at the top only.'),
  disableGC: anything("GC is not handed on to the network's programs. Counts at the top only."),
  ipam: anything('How addresses are given.'),
  dns: anything('Name servers.'),
  args: {
    type: 'object',
    description: "Arguments; those of the annotation's cni-args go below cni.",
    properties: { cni: { type: 'object' } },
  },
  capabilities: {
    type: 'object',
    description: 'What the plugin wants of the annotation.',
    additionalProperties: { type: 'boolean' },
    examples: [{ ips: true, mac: true }],
  },
  isolation: flag('false: the pod may forward to and from this network (router, VPN, mesh).', true),
  runtimeConfig: anything('Added by Braid.'),
  prevResult: anything('Added by Braid.'),
};

/** An `ipam` section of whatever type; without a type the network is layer 2 only. */
export const foreignIpam: Schema = {
  type: 'object',
  description: 'How addresses are given. Without a type: not at all, layer 2 only.',
  properties: { type: text('File name of the IPAM plugin.', fileName) },
};

/** An `ipam` section that is used, by its type. */
export const ipamSection: Schema = { $ref: 'ipam.json' };

/** What every plugin must have right, whoever reads the rest of it. */
export const anyPlugin: Schema = {
  type: 'object',
  properties: {
    ...common,
    type: text('File name of the plugin.', { minLength: 1, ...fileName }),
    ipam: foreignIpam,
  },
  required: ['type'],
};

/** A network: one plugin, or a list of them. */
export const networkKeys: Keys = {
  cniVersion: text('Version of the CNI specification.', { enum: supportedVersions }),
  cniVersions: list(
    { type: 'string', pattern: '^[0-9]{1,9}(\\.[0-9]{1,9}){0,2}$' },
    'Versions that the configuration fits.',
  ),
  name: text('Name of the network.', { maxLength: 200, pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$' }),
  disableCheck: looseFlag('CHECK skips the network.'),
  disableGC: looseFlag("GC is not handed on to the network's programs."),
};

/** The schema of a plugin with keys of its own. `more`: what they must be together. */
export function plugin(type: string, description: string, keys: Keys, more: Schema = {}): PluginSchema {
  const { required = [], ...rest } = more;
  const properties = { type: { const: type }, ...common, ipam: ipamSection, ...keys };
  return { type, schema: object(properties, description, { required: ['type', ...required], ...rest }) };
}

/** A plugin of a chain that gives no addresses: nobody looks at its `ipam`. */
export function chained(type: string, description: string, keys: Keys, more: Schema = {}): PluginSchema {
  return plugin(type, description, { ipam: foreignIpam, ...keys }, more);
}

/** The schema of an `ipam` section. */
export function ipam(type: string, description: string, keys: Keys): PluginSchema {
  return { type, schema: object({ type: { const: type }, ...keys }, description, { required: ['type'] }) };
}

/** `dns`. */
export const dns: Schema = object(
  {
    nameservers: list({ type: 'string' }, 'Addresses of name servers, best first.'),
    domain: text('Local domain for short names.'),
    search: list({ type: 'string' }, 'Domains in which short names are looked up.'),
    options: list({ type: 'string' }, 'Options of the resolver.'),
  },
  'Name servers. They go into the result: the default network’s reach the pod.',
);

const word = 0xffffffff;

/** `ipam.routes`. */
export const routes: Schema = list(
  object(
    {
      dst: cidr('Where the route leads.', '10.9.0.0/16'),
      gw: ipAddress('Next hop. Default: the gateway of the address.'),
      mtu: integer(0, word, 'Bytes.'),
      advmss: integer(0, word, 'Bytes that TCP offers as its segment size.'),
      priority: integer(0, word, 'Metric.'),
      table: integer(0, word, 'Routing table.'),
      scope: integer(0, word, 'Scope: 0 global, 253 link, 254 host.'),
    },
    'A route.',
    { required: ['dst'] },
  ),
  'Routes of the pod.',
);

function looseFlag(description: string): Schema {
  return {
    anyOf: [{ type: 'boolean' }, { type: 'string', pattern: '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$' }],
    default: false,
    description,
  };
}
