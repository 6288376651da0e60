/** Who calls the plugins of a network on a twin's node: the test by hand, cnitool, or containerd's library. Runs them; writes a list file. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Node, Printed, Space } from '../e2e/runtime';
import { goTool } from './tools';

/** By hand as the CNI specification says; by libcni's own command line; by the library that containerd has (gocni/main.go). */
export type Driver = 'protocol' | 'cnitool' | 'go-cni';

/** What is the same for every call. */
export interface Scene {
  readonly node: Node;
  readonly pod: Space;
  readonly ifName: string;
  readonly args: string; // CNI_ARGS
  readonly cniVersion: string;
  readonly plugins: readonly Json[];
}

/** What a chain's verb came to; the result of an ADD. */
export interface Answered {
  readonly status: number;
  readonly json: Printed;
  readonly text: string;
}

export type Verb = 'ADD' | 'CHECK' | 'DEL' | 'STATUS' | 'GC';

/** Calls the whole chain with the plugins of a folder. `more`: keys of every plugin, by hand only. */
export type Call = (verb: Verb, binDir: string, more?: Json) => Promise<Answered>;

/** The network's and the container's name in every call. */
export const network = 'twin';
export const container = 'c1';

export function callOf(driver: Driver, scene: Scene): Call {
  if (driver === 'protocol') return byHand(scene);
  const list = writeList(scene);
  return driver === 'cnitool' ? byCnitool(scene, list) : byGoCni(scene, list);
}

const withoutPod: readonly Verb[] = ['STATUS', 'GC'];

/** One plugin after the other, DEL the other way round; ends at the first that refuses. */
function byHand({ node, pod, ifName, args, cniVersion, plugins }: Scene): Call {
  const results: Json[] = [];
  return async (verb, binDir, more = {}) => {
    const all = [...plugins.entries()];
    for (const [at, plugin] of verb === 'DEL' ? all.toReversed() : all) {
      const prevResult = results.at(verb === 'ADD' ? at - 1 : -1);
      const isFirst = verb === 'ADD' && at === 0;
      const known = prevResult === undefined || isFirst || withoutPod.includes(verb) ? {} : { prevResult };
      const type = String(plugin.type);
      const attachment = { CNI_CONTAINERID: container, CNI_NETNS: pod.path, CNI_IFNAME: ifName, CNI_ARGS: args };
      const env = { CNI_COMMAND: verb, CNI_PATH: binDir, ...(withoutPod.includes(verb) ? {} : attachment) };
      const conf = { cniVersion, name: network, ...plugin, ...known, ...more };
      const { status, json, stdout, stderr } = await node.call(env, conf, [join(binDir, type)]);
      const text = `${verb} ${type} of ${binDir}: ${stdout}${stderr}`;
      if (status !== 0) return { status, json, text };
      if (verb === 'ADD') results[at] = json as Json;
    }
    return { status: 0, json: (results.at(-1) ?? {}) as Printed, text: '' };
  };
}

function byCnitool({ node, pod, ifName, args }: Scene, list: string): Call {
  return async (verb, binDir) => {
    const env = {
      NETCONFPATH: join(list, '..'),
      CNI_PATH: binDir,
      CNI_IFNAME: ifName,
      ...(args === '' ? {} : { CNI_ARGS: args }),
    };
    const command = [goTool('cnitool'), verb.toLowerCase(), network, pod.path];
    const { status, json, stdout, stderr } = await node.call(env, '', command);
    return { status, json, text: `cnitool ${verb}: ${stdout}${stderr}` };
  };
}

/** go-cni keeps the result to itself in the newest shape; the one of the plugins is in libcni's cache. */
function byGoCni({ node, pod, ifName, args }: Scene, list: string): Call {
  const prefix = ifName.replace(/0$/, '');
  return async (verb, binDir) => {
    const env = { CNI_PATH: binDir, CNI_ARGS: args, GOCNI_PREFIX: prefix };
    const command = [goTool('gocni'), verb.toLowerCase(), list, container, pod.path];
    const { status, stdout, stderr } = await node.call(env, '', command);
    const json = status === 0 && verb === 'ADD' ? cached(`${prefix}0`) : {};
    return { status, json, text: `go-cni ${verb}: ${stdout}${stderr}` };
  };
}

const cached = (ifName: string): Printed => {
  const text = readFileSync(`/var/lib/cni/results/${network}-${container}-${ifName}`, 'utf8');
  return (JSON.parse(text) as { readonly result: Printed }).result;
};

function writeList({ node, cniVersion, plugins }: Scene): string {
  const dir = join(node.dir, 'list');
  mkdirSync(dir, { recursive: true });
  const path = join(dir, '10-list.conflist');
  writeFileSync(path, JSON.stringify({ cniVersion, name: network, plugins }));
  return path;
}
