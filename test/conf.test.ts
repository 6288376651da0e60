/** Every file of conf/ goes through the parsers of the product: what we give people to copy is right. Reads conf/ only. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDelegate } from '../plugins';
import { parsePool } from '../plugins/host-local';
import { parse as parseStatic, plan as planStatic } from '../plugins/static';
import { toDefinition } from '../src/attach/definition';
import { parseConfig, podAnnotationsCapability } from '../src/cni/config';
import { type Network, parseNetwork, typeOf } from '../src/cni/network';
import { parseManifests } from '../src/disk/manifests';
import { isRecord, type Json } from '../src/json';
import { parseMasterMatch } from '../src/net/master';
import { networksAnnotation, parseNetworks } from '../src/pod/networks';

const conf = join(import.meta.dirname, '../conf');
const files = globSync('networks/**/*', { cwd: conf, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const read = (path: string): string => readFileSync(path, 'utf8');

interface Pod {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
}

/** The pods in a file: what is not a NetworkAttachmentDefinition. */
function podsIn(path: string): readonly Pod[] {
  const documents: unknown = Bun.YAML.parse(read(path));
  return (Array.isArray(documents) ? documents : [documents]).filter((each: Pod) => each.kind === 'Pod') as Pod[];
}

/** The networks that a file defines, by namespace and name. */
async function networksIn(path: string): Promise<ReadonlyMap<string, Network>> {
  const definitions = (await parseManifests(read(path), path)).map(toDefinition);
  return new Map(
    definitions.map(({ namespace, name, config }) => [`${namespace}/${name}`, parseNetwork(config, name)]),
  );
}

/** The delegates' own parsers; a type that Braid has not built in is only named. */
function parsePlugin(plugin: Json, { name, cniVersion }: Network): string {
  const chosen = parseMasterMatch(plugin.master) === undefined ? {} : { master: 'eth1' }; // as the engine does before
  const config = { ...plugin, ...chosen, name, cniVersion };
  findDelegate(typeOf(plugin))?.bind(config);
  const ipam = isRecord(plugin.ipam) ? plugin.ipam.type : undefined;
  if (ipam === 'host-local') expect(parsePool(config, []).sets).not.toEqual([]);
  if (ipam === 'static') planStatic(parseStatic(config), []);
  return typeOf(plugin);
}

describe('conf/networks', () => {
  it.each(files.map((path) => [path.slice(conf.length + 1), path]))(
    '%s: every network is one that Braid can attach',
    async (_, path) => {
      const networks = await networksIn(path);
      expect(networks.size).toBeGreaterThan(0);
      for (const network of networks.values()) {
        expect(network.warnings).toEqual([]);
        const types = network.plugins.map((plugin) => parsePlugin(plugin, network));
        const foreign = types.filter((type) => findDelegate(type) === undefined);
        expect(path.includes('kubecon-2019') ? [] : foreign, 'types that are not built in').toEqual([]);
      }
    },
  );

  it.each(files.map((path) => [path.slice(conf.length + 1), path]))(
    '%s: says what it is before anything else',
    (_, path) => {
      expect(read(path)).toMatch(/^# \S.*\n#\n(# .*\n)+apiVersion: /);
      expect(path).toMatch(/\.yaml$/);
    },
  );

  it('defines every name once in a folder, at the top under the name of its file', async () => {
    for (const folder of new Set(files.map((path) => dirname(path)))) {
      const here = files.filter((path) => dirname(path) === folder);
      const names = (await Promise.all(here.map(networksIn))).flatMap((networks) => [...networks.keys()]);
      expect(new Set(names).size).toBe(names.length);
      if (folder.endsWith('networks'))
        expect(names.sort()).toEqual(here.map((path) => `default/${basename(path, '.yaml')}`).sort());
    }
  });

  it('has pods that ask, without warnings, for networks of their own file', async () => {
    const pods = files.flatMap((path) => podsIn(path).map((pod) => ({ path, pod })));
    expect(pods.length).toBeGreaterThan(7);
    for (const { path, pod } of pods) {
      const { selections, warnings } = parseNetworks(pod.metadata.annotations[networksAnnotation], 'default');
      expect([selections.length > 0, warnings], pod.metadata.name).toEqual([true, []]);
      const defined = [...(await networksIn(path)).keys()];
      expect(defined).toEqual(expect.arrayContaining(selections.map(({ namespace, name }) => `${namespace}/${name}`)));
    }
  });
});

describe('conf/braid.conflist', () => {
  const list = JSON.parse(read(join(conf, 'braid.conflist'))) as { name: string; cniVersion: string; plugins: [Json] };

  it('is a configuration of one plugin, of type braid, that asks the runtime for the annotations', () => {
    expect(list.plugins).toHaveLength(1);
    expect(list.plugins[0]).toMatchObject({ type: 'braid', capabilities: { [podAnnotationsCapability]: true } });
  });

  it('is one that Braid reads without a warning', () => {
    const { name, cniVersion, plugins } = list;
    const read = parseConfig(JSON.stringify({ ...plugins[0], name, cniVersion }));
    expect(read.warnings).toEqual([]);
    expect(read.defaultNetwork).toMatchObject({ from: 'delegates', networks: [{ name: 'cluster', cniVersion }] });
    expect(read.networksDir).toEqual(['/etc/cni/braid/networks']);
  });
});
