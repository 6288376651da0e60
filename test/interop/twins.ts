/** One configuration through the reference plugins and through Braid, on nodes that are alike. Makes nodes and pods, calls both. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { braid, type Json, Node, type Printed, run, Space } from '../e2e/runtime';
import { calm, shownNode, shownResult } from './shown';
import { goTool } from './tools';

/** Whose plugins. */
export type Maker = 'reference' | 'braid';

/** One row of the table. */
export interface Row {
  readonly name: string;
  /** The plugins of the network in order; `cniVersion` 1.0.0 and a name are added. */
  readonly plugins: readonly Json[];
  readonly cniVersion?: string;
  readonly args?: string; // CNI_ARGS
  readonly ifName?: string;
  /** Shell commands that make the node, or the pod, ready. */
  readonly node?: string;
  readonly pod?: string;
  /** Both must refuse it, and leave nothing. */
  readonly fails?: true;
  /** How Braid differs on purpose, in the words of docs/compatibility.md; the two sides are made alike before they are compared. */
  readonly differs?: { readonly why: string; readonly alike: (side: Side, maker: Maker) => Side };
}

/** What a call left to be seen. */
export interface Side {
  readonly result: unknown;
  readonly node: Json;
  readonly pod: Json;
  readonly nft: readonly string[];
  readonly store: Json; // of IPAM: files and their text
}

const container = 'c1';
let twins = 0;

/** A node and a pod, and both makers' plugins there. */
export class Twin {
  readonly node = new Node();
  readonly pod: Space;
  readonly #ifName: string;
  readonly #results: Json[] = [];
  readonly #store: string;

  constructor(readonly row: Row) {
    twins += 1;
    this.pod = new Space(`${this.node.name}-pod`);
    this.#ifName = row.ifName ?? 'net1';
    this.#store = `/var/lib/cni/twin-${twins}`;
    this.pod.ip('link set lo down'); // it keeps its address
    this.node.exec('sh', '-ec', nodeSetup);
    if (row.node !== undefined) this.node.exec('sh', '-ec', row.node);
    if (row.pod !== undefined) this.pod.exec('sh', '-ec', row.pod);
  }

  /** ADD of the whole chain; the last answer. */
  async add(maker: Maker): Promise<Answered> {
    for (const [at, plugin] of this.row.plugins.entries()) {
      const answer = await this.#call(maker, 'ADD', plugin, this.#results[at - 1]);
      if (answer.status !== 0) return answer;
      this.#results[at] = answer.json as Json;
    }
    return { status: 0, json: this.#results.at(-1) as Printed, text: '' };
  }

  /** CHECK of the whole chain; the first answer that is no success. */
  async check(maker: Maker): Promise<Answered> {
    return this.#each('CHECK', maker, this.row.plugins);
  }

  /** DEL of the whole chain, last plugin first. */
  async del(maker: Maker): Promise<Answered> {
    return this.#each('DEL', maker, this.row.plugins.toReversed());
  }

  /** What is there now, with what changes from call to call made alike. */
  see(): Side {
    const known = JSON.stringify(this.row);
    const rules = this.node
      .exec('nft', 'list', 'ruleset')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return {
      result: shownResult(this.#results.at(-1), known, this.pod.path),
      node: shownNode(this.node, known),
      pod: shownNode(this.pod, known),
      nft: calm(rules, known) as readonly string[],
      store: filesOf(this.#store),
    };
  }

  async #each(command: string, maker: Maker, plugins: readonly Json[]): Promise<Answered> {
    for (const plugin of plugins) {
      const answer = await this.#call(maker, command, plugin, this.#results.at(-1));
      if (answer.status !== 0) return answer;
    }
    return { status: 0, json: {}, text: '' };
  }

  async #call(maker: Maker, command: string, plugin: Json, prevResult: Json | undefined): Promise<Answered> {
    const { cniVersion = '1.0.0', args = '' } = this.row;
    const ipam = plugin.ipam as Json | undefined;
    const stored = ipam?.type === 'host-local' ? { ipam: { ...ipam, dataDir: this.#store } } : {};
    const conf = {
      cniVersion,
      name: 'twin',
      ...plugin,
      ...stored,
      ...(prevResult === undefined ? {} : { prevResult }),
    };
    const type = String(plugin.type);
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: container,
      CNI_NETNS: this.pod.path,
      CNI_IFNAME: this.#ifName,
      CNI_ARGS: args,
      CNI_PATH: maker === 'braid' ? '/nowhere' : join(goTool(type), '..'),
    };
    const program = maker === 'braid' ? this.#linked(type) : goTool(type);
    const { status, json, stdout, stderr } = await this.node.call(env, conf, [program]);
    return { status, json, text: `${command} ${type} by ${maker}: ${stdout}${stderr}` };
  }

  /** Braid under the plugin's name, as an administrator puts it in its place. */
  #linked(type: string): string {
    const path = join(this.node.binDir, type);
    mkdirSync(this.node.binDir, { recursive: true });
    if (!readdirSync(this.node.binDir).includes(type)) symlinkSync(braid, path);
    return path;
  }
}

/** What a chain's verb came to. */
export interface Answered {
  readonly status: number;
  readonly json: Printed;
  readonly text: string;
}

/** Links of every node: up0 with the default route, up1 its other end, dev0 to give away. */
const nodeSetup = `
ip link add up0 type veth peer name up1
ip addr add 192.0.2.1/24 dev up0
ip link set up0 up
ip link set up1 up
ip route add default via 192.0.2.254 dev up0
ip link add dev0 address 02:00:00:00:de:00 type veth peer name dev1`;

function filesOf(dir: string): Json {
  try {
    const names = readdirSync(join(dir, 'twin')).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, 'twin', name), 'utf8')]));
  } catch {
    return {};
  }
}

/** Removes what a row's leases left on the disk. */
export function removeStores(): void {
  run('sh', '-c', 'rm -rf /var/lib/cni/twin-* /run/cni/tuning');
}
