/** One configuration through the reference plugins and through Braid, on nodes that are alike. Makes nodes and pods, calls both. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { hasTables } from '../e2e/namespace';
import { braid, type Json, Node, type ShownLink, Space } from '../e2e/runtime';
import { type Answered, type Call, callOf, type Driver, network, type Verb } from './drivers';
import { calm, heldHere, linksHere, shownNode, shownResult } from './shown';
import { goTool } from './tools';

/** Whose plugins: of one, or the reference's over Braid's IPAM. */
export type Maker = 'reference' | 'braid' | 'mixed';

/** One row of the table. */
export interface Row {
  readonly name: string;
  /** The plugins of the network in order; `cniVersion` 1.0.0 and a name are added. */
  readonly plugins: readonly Json[];
  readonly cniVersion?: string;
  readonly args?: string; // CNI_ARGS
  readonly ifName?: string; // net0
  /** Shell commands that make the node, or the pod, ready. */
  readonly node?: string;
  readonly pod?: string;
  /** Shell commands that make a fresh pod what DEL leaves. */
  readonly after?: string;
  /**
   * Both must refuse it, and leave nothing; with `differs` Braid alone does, and the reference takes it. `reference`: that
   * one alone refuses it, and Braid attaches it, which `differs` gives the reason for.
   */
  readonly fails?: true | 'reference';
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

export const versionOf = (row: Row): string => row.cniVersion ?? '1.0.0';

let twins = 0;

/** A node and a pod, and both makers' plugins there. */
export class Twin {
  readonly #node = new Node();
  readonly #pod: Space;
  readonly #store: string;
  readonly #call: Call;
  #result: unknown;

  constructor(
    readonly row: Row,
    driver: Driver = 'protocol',
  ) {
    twins += 1;
    const [node, store] = [this.#node, `/var/lib/cni/twin-${twins}`];
    const pod = new Space(`${node.name}-pod`);
    execFileSync('ip', ['-n', node.name, '-batch', '-'], { input: nodeSetup });
    if (row.node !== undefined) node.exec('sh', '-ec', row.node);
    if (row.pod !== undefined) pod.exec('sh', '-ec', row.pod);
    const { ifName = 'net0', args = '' } = row;
    const plugins = row.plugins.map((plugin) => stored(plugin, store));
    [this.#pod, this.#store] = [pod, store];
    this.#call = callOf(driver, { node, pod, ifName, args, cniVersion: versionOf(row), plugins });
  }

  /** ADD of the whole chain; the last answer. */
  async add(maker: Maker): Promise<Answered> {
    const answer = await this.#chain('ADD', maker);
    if (answer.status === 0) this.#result = answer.json;
    return answer;
  }

  /** CHECK of the whole chain; the first answer that is no success. */
  check(maker: Maker): Promise<Answered> {
    return this.#chain('CHECK', maker);
  }

  /** DEL of the whole chain, last plugin first. */
  del(maker: Maker): Promise<Answered> {
    return this.#chain('DEL', maker);
  }

  /** What is there now, with what changes from call to call made alike. */
  see(): Side {
    const known = JSON.stringify(this.row);
    return {
      result: shownResult(this.#result, known, this.#pod.path),
      node: shownNode(this.#node, known),
      pod: shownNode(this.#pod, known),
      nft: calm(this.#rules(), known) as readonly string[],
      store: calm(filesOf(this.#store), known) as Json,
    };
  }

  /**
   * What must be as before when a pod is gone: the pod, links of the node, the container's firewall rules, and leases.
   * Bridges, what a bridge network sets on the node, and empty chains stay with both makers. Starts next to no program.
   */
  left(): unknown {
    const row = JSON.stringify(this.row);
    const firewalled = /"(ipMasq|macspoofchk)":true/.test(row);
    return {
      pod: this.#pod.enter(heldHere),
      podRules: row.includes('"sbr"') ? [this.#pod.allRules(4), this.#pod.allRules(6)] : [[], []], // no other makes any
      links: calm(
        this.#node.enter(linksHere).filter((name) => !this.#isOfBridge(name)),
        row,
      ),
      rules: firewalled ? this.#rules().filter((line) => /\bc1\b|veth|cnitool|\bCNI-/.test(line)) : [],
      leases: this.leases(),
    };
  }

  /** A bridge of the table, or one end of the pair that is its gateway in a VLAN. */
  #isOfBridge(name: string): boolean {
    if (/^(br0|cni0)(\.\d+)?$/.test(name)) return true;
    if (!name.startsWith('veth')) return false;
    const { link = '' }: ShownLink & { readonly link?: string } = this.#node.link(name);
    return /^(br0|cni0)\./.test(link);
  }

  /** Addresses that host-local holds. */
  leases(): readonly string[] {
    return Object.keys(filesOf(this.#store)).filter((name) => /^[\d.a-f:]+$/.test(name) && name.length > 2);
  }

  #rules(): readonly string[] {
    if (!this.#node.enter(hasTables)) return [];
    const lines = this.#node.exec('nft', 'list', 'ruleset').split('\n');
    return lines.filter((line) => line.trim() !== '');
  }

  /** A shell command on the node, or in the pod. */
  run(on: 'node' | 'pod', command: string): void {
    (on === 'node' ? this.#node : this.#pod).exec('sh', '-ec', command);
  }

  /** Any verb of the whole chain, with those keys. */
  ask(verb: Verb, maker: Maker, more: Json = {}): Promise<Answered> {
    return this.#chain(verb, maker, more);
  }

  #chain(verb: Verb, maker: Maker, more?: Json): Promise<Answered> {
    return this.#call(verb, maker === 'reference' ? referenceDir() : this.#linked(maker), more);
  }

  /** Braid under the plugins' names, as an administrator puts it in their place. */
  #linked(maker: 'braid' | 'mixed'): string {
    const dir = join(this.#node.binDir, maker);
    if (existsSync(dir)) return dir;
    mkdirSync(dir, { recursive: true });
    const types = new Set(this.row.plugins.map(({ type }) => String(type)));
    const ipams = new Set(this.row.plugins.map(({ ipam }) => String((ipam as Json | undefined)?.type ?? '')));
    for (const type of types) symlinkSync(maker === 'braid' ? braid : goTool(type), join(dir, type));
    for (const type of ['host-local', 'static'].filter((each) => maker === 'mixed' && ipams.has(each)))
      symlinkSync(braid, join(dir, type));
    return dir;
  }
}

const referenceDir = (): string => join(goTool('bridge'), '..');

/** host-local's leases go to a folder of the twin, unless the row says where. */
function stored(plugin: Json, dataDir: string): Json {
  const ipam = plugin.ipam as Json | undefined;
  return ipam?.type === 'host-local' ? { ...plugin, ipam: { dataDir, ...ipam } } : plugin;
}

/** Links of every node: up0 with the default route, up1 its other end, dev0 to give away. */
const nodeSetup = `
link add up0 type veth peer name up1
addr add 192.0.2.1/24 dev up0
link set up0 up
link set up1 up
route add default via 192.0.2.254 dev up0
link add dev0 address 02:00:00:00:de:00 type veth peer name dev1
`;

function filesOf(dir: string): Json {
  try {
    const names = readdirSync(join(dir, network)).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, network, name), 'utf8')]));
  } catch {
    return {};
  }
}

/** Removes what a row's calls left on the disk. */
export function removeStores(): void {
  for (const name of readdirSync('/var/lib/cni').filter((each) => each.startsWith('twin-')))
    rmSync(join('/var/lib/cni', name), { recursive: true });
  for (const path of ['/run/cni/tuning', '/var/lib/cni/results']) rmSync(path, { recursive: true, force: true });
}
