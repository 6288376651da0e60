/** Definitions of networks in memory. Touches nothing. */
import type { NetworkDefinition, Networks } from '../../src/attach/ports';

/** A configuration as an object, as JSON text (also a broken one), or a whole definition's changed parts. */
type Config = string | Readonly<Record<string, unknown>>;

/** Where the fake finds what: NetworkAttachmentDefinitions by `namespace/name`, confDir's by CNI name, files by path. */
export interface FakeNetworks {
  readonly definitions?: Readonly<Record<string, Config>>;
  readonly confDir?: Readonly<Record<string, Config>>;
  readonly paths?: Readonly<Record<string, Config>>;
  /** Annotation k8s.v1.cni.cncf.io/resourceName by `namespace/name`. */
  readonly resourceNames?: Readonly<Record<string, string>>;
}

/** The given definitions; everything else does not exist. */
export function fakeNetworks({
  definitions = {},
  confDir = {},
  paths = {},
  resourceNames = {},
}: FakeNetworks = {}): Networks {
  const text = (config: Config): string => (typeof config === 'string' ? config : JSON.stringify(config));
  const fromFile = (name: string, config: Config | undefined, source: string): NetworkDefinition | undefined =>
    config === undefined
      ? undefined
      : { namespace: undefined, name, config: text(config), source, resourceName: undefined };
  return {
    async find(namespace, name) {
      const display = `${namespace}/${name}`;
      const config = definitions[display];
      if (config === undefined) return undefined;
      return {
        namespace,
        name,
        config: text(config),
        source: `/networks/${display}.json`,
        resourceName: resourceNames[display],
      };
    },
    findInConfDir: async (name) => fromFile(name, confDir[name], `/confdir/${name}.conf`),
    async findAtPath(path) {
      const config = paths[path];
      const name = typeof config === 'object' && typeof config.name === 'string' ? config.name : '';
      return fromFile(name, config, path);
    },
    isBehind: async () => false,
  };
}
