/** The JSON Schemas of docs/schema, made of the tables of keys. Pure; loaded by lint and by scripts/schema.ts. */
import { ipamSchemas, pluginSchemas } from '../../plugins/schemas';
import { braidSchema } from '../cni/braid-schema';
import { anyPlugin, foreignIpam, ipamSection, networkKeys, type PluginSchema } from '../cni/schema';
import type { Schema } from '../schema';

const { cniVersion = {}, name = {} } = networkKeys;
const draft = 'https://json-schema.org/draft/2020-12/schema';

/** Where `type` is that. */
function when(type: Schema, then: Schema): Schema {
  return { if: { properties: { type }, required: ['type'] }, then };
}

/** `type` decides which table counts. */
function byType(tables: readonly PluginSchema[]): readonly Schema[] {
  return tables.map(({ type }) => when({ const: type }, { $ref: `${type}.json` }));
}

/** Somebody else's plugin: nothing is known but its `ipam`. */
const foreign = when({ not: { enum: pluginSchemas.map(({ type }) => type) } }, { properties: { ipam: ipamSection } });

const conflist: Schema = {
  type: 'object',
  description: 'A network as a list of plugins, in their order.',
  properties: {
    ...networkKeys,
    isolation: { type: 'boolean' },
    plugins: { type: 'array', minItems: 1, items: { $ref: 'plugin.json' } },
  },
  required: ['plugins'],
};

const network: Schema = {
  type: 'object',
  description: 'A network: one plugin, or a list of them in plugins.',
  properties: networkKeys,
  if: { properties: { type: { type: 'string', minLength: 1 } }, required: ['type'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { $ref: 'plugin.json' },
  else: { $ref: 'conflist.json' },
};

const definition: Schema = {
  type: 'object',
  description: 'NetworkAttachmentDefinition. The text in spec.config is a network: network.json.',
  properties: {
    apiVersion: { const: 'k8s.cni.cncf.io/v1' },
    kind: { const: 'NetworkAttachmentDefinition' },
    metadata: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        namespace: { type: 'string' },
        annotations: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['name'],
    },
    spec: {
      type: 'object',
      properties: {
        config: {
          type: 'string',
          description: 'The network, as JSON text. Without it: the file of confDir with the name of the definition.',
          contentMediaType: 'application/json',
          contentSchema: { $ref: 'network.json' },
        },
      },
    },
  },
  required: ['apiVersion', 'kind', 'metadata'],
};

const typed: Schema = { properties: { type: { const: 'braid' } }, required: ['type'] };

/** Alone, or in a list: `name` is needed at the top. */
const braid: Schema = {
  type: 'object',
  description: 'The configuration of a node: type braid, alone or in a list.',
  properties: { cniVersion, name },
  required: ['name'],
  if: { required: ['type'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { $ref: '#/$defs/braid' },
  else: {
    required: ['plugins'],
    properties: {
      plugins: {
        type: 'array',
        contains: typed,
        items: {
          if: typed,
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { $ref: '#/$defs/braid' },
          else: { $ref: 'plugin.json' },
        },
      },
    },
  },
  $defs: { braid: braidSchema },
};

/** The schemas by file name, each with its title; they name each other by file. */
export const schemas: ReadonlyMap<string, Schema> = new Map(
  [
    ['braid.json', braid] as const,
    ['network-attachment-definition.json', definition] as const,
    ['network.json', network] as const,
    ['conflist.json', conflist] as const,
    ['plugin.json', { ...anyPlugin, allOf: [...byType(pluginSchemas), foreign] }] as const,
    ['ipam.json', { ...foreignIpam, allOf: byType(ipamSchemas) }] as const,
    ...[...pluginSchemas, ...ipamSchemas].map(({ type, schema }) => [`${type}.json`, schema] as const),
  ].map(([file, schema]) => [file, { $schema: draft, title: file.replace('.json', ''), ...schema }]),
);
