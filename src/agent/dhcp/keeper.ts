/** All leases of this node: asked for, given back, kept on disk and taken up again. Acts through the means it is given. */
import type { Files, Log } from '../../attach/ports';
import { parseArgsLeniently } from '../../cni/args';
import { parseIpam } from '../../cni/ipam';
import { findPod } from '../../cni/request';
import { emptyResult, type Result } from '../../cni/result';
import { type DhcpConfig, parseDhcp } from '../../dhcp/config';
import { toResult4 } from '../../dhcp/lease4';
import { toResult6 } from '../../dhcp/lease6';
import type { Lease } from '../../dhcp/life';
import type { CmdArgs } from '../../dhcp/rpc';
import { toCniError } from '../../error';
import { parseObject, record } from '../../json';
import { fingerprint } from '../../net/hash';
import type { Family } from '../../net/ip';
import { containerId, ifName, netnsPath, networkName } from '../../net/names';
import type { PodIdentity } from '../../pod/event';
import { clientIdOf, duidOf, type Owner, toLife } from './identity';
import type { Place, PodLinks, RunnerMeans, Trouble, Wish } from './ports';
import { Runner } from './runner';
import { fromText, type Saved, toText } from './saved';

/** What the keeper acts through. */
export interface KeeperMeans {
  readonly links: PodLinks;
  readonly files: Files;
  readonly log: Log;
  readonly broadcast: boolean; // as RunnerMeans
  readonly directory: string; // of the leases, one file each
  readonly bootId: string;
  now(): number;
  random(): number;
  /** Of a pod's lease. */
  tell(trouble: Trouble): void;
}

/** The node's leases. */
export class Keeper {
  readonly #runners = new Map<string, Runner>();

  constructor(readonly means: KeeperMeans) {}

  /** Leases that are held or asked for. */
  get size(): number {
    return this.#runners.size;
  }

  /** Goes on with what an earlier agent held. What cannot be read, or is of an earlier boot, goes. */
  async resume(): Promise<void> {
    for (const name of await this.means.files.list(this.means.directory)) {
      if (!name.endsWith('.json')) continue;
      const path = `${this.means.directory}/${name}`;
      const saved = await this.#read(path);
      if (saved === undefined || saved.bootId !== this.means.bootId) await this.means.files.delete(path);
      else this.#start(toWish(saved), saved.lease);
    }
  }

  /** The leases of that interface, one a family: those that are held, or new ones. All or none: throws in words for the caller. */
  async allocate(args: CmdArgs): Promise<Result> {
    const { owner, pod, config } = parse(args);
    const place = { netns: netnsPath(args.netns), identity: undefined, ifName: owner.ifName };
    const isOneOfTwo = config.told.length > 1;
    const runners: Runner[] = [];
    const begun: Runner[] = [];
    for (const told of config.told) {
      const wish = { owner, pod, place, told, isOneOfTwo };
      const held = await this.#held(wish);
      runners.push(held ?? this.#start(wish));
      if (held === undefined) begun.push(...runners.slice(-1));
    }
    try {
      const leases = await Promise.all(runners.map((runner) => runner.lease ?? runner.first));
      return mergeLeases(leases.map((lease) => toResult(lease, config)));
    } catch (error) {
      await Promise.all(begun.map((runner) => runner.release())); // what the pod had before, it keeps
      throw error;
    }
  }

  /** Gives them back; one that is not held is released. */
  async release(args: CmdArgs): Promise<void> {
    const { owner } = parseOwner(args);
    const held = families.map((family) => this.#runners.get(keyOf(owner, family)));
    await Promise.all(held.map((runner) => runner?.release()));
  }

  /** Ends; the leases stay. */
  stop(): void {
    for (const runner of this.#runners.values()) runner.stop();
  }

  /** The one that is at work, if its pod is still there. */
  async #held(wish: Wish): Promise<Runner | undefined> {
    const key = keyOf(wish.owner, wish.told.family);
    const held = this.#runners.get(key);
    if (held !== undefined && !(await held.isThere())) await this.#drop(held);
    return this.#runners.get(key);
  }

  #start(wish: Wish, lease?: Lease): Runner {
    const key = keyOf(wish.owner, wish.told.family);
    const { links, files, log, broadcast, now, random, tell } = this.means;
    const path = this.#pathOf(key);
    const means: RunnerMeans = {
      links,
      log,
      broadcast,
      now,
      random,
      tell,
      keep: async (kept, place) => files.writeText(path, toText(this.#saved(wish, kept, place))),
      forget: async () => {
        if (this.#runners.get(key) === runner) this.#runners.delete(key);
        await files.delete(path);
      },
    };
    const runner: Runner = new Runner(wish, toLife(wish.owner, wish.told, lease), means);
    this.#runners.set(key, runner);
    return runner;
  }

  #saved({ owner, pod, told, isOneOfTwo }: Wish, lease: Lease, { netns, identity = '' }: Place): Saved {
    return { bootId: this.means.bootId, ...owner, netns, identity, pod, isOneOfTwo, told, lease };
  }

  async #drop(runner: Runner): Promise<void> {
    const key = keyOf(runner.wish.owner, runner.wish.told.family);
    this.#runners.delete(key);
    runner.stop();
    await this.means.files.delete(this.#pathOf(key));
  }

  async #read(path: string): Promise<Saved | undefined> {
    try {
      return fromText((await this.means.files.readText(path)) ?? '', path);
    } catch (error) {
      this.means.log.warn({ path, problem: toCniError(error).message }, 'a DHCP lease cannot be read and is given up');
      return undefined;
    }
  }

  /** Ids have characters and lengths that no file name has. */
  #pathOf(key: string): string {
    return `${this.means.directory}/${fingerprint(32, key)}.json`;
  }
}

const families: readonly Family[] = [4, 6];

/** One owner may have a lease of each family; IPv4's key is what earlier versions named their files by. */
const keyOf = (owner: Owner, family: Family): string =>
  (family === 4 ? clientIdOf(owner) : duidOf(owner)).toString('hex');

const toWish = ({ containerId: id, network, ifName: name, pod, isOneOfTwo, told, ...place }: Saved): Wish => ({
  owner: { containerId: id, network, ifName: name },
  pod,
  place: { netns: place.netns, identity: place.identity, ifName: name },
  told,
  isOneOfTwo,
});

function toResult(lease: Lease, { priority, prefixLength }: DhcpConfig): Result {
  const result = lease.family === 4 ? toResult4(lease, priority) : toResult6(lease, prefixLength);
  if (result === undefined) throw new Error('DHCP option Subnet Mask not found in DHCPACK');
  return result;
}

/** In the order of the families. */
const mergeLeases = (results: readonly Result[]): Result => ({
  ...emptyResult,
  ips: results.flatMap(({ ips }) => ips),
  routes: results.flatMap(({ routes }) => routes),
  dns: Object.assign({}, ...results.map(({ dns }) => dns)),
});

interface Parsed {
  readonly owner: Owner;
  readonly pod: PodIdentity | undefined;
  readonly config: DhcpConfig;
}

function parse(args: CmdArgs): Parsed {
  const { owner, stdin } = parseOwner(args);
  const pairs = parseArgsLeniently(args.args);
  const pod = findPod(pairs);
  return {
    owner,
    pod: pod && { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    config: parseDhcp(parseIpam(record(stdin)), pairs),
  };
}

function parseOwner(args: CmdArgs): { readonly owner: Owner; readonly stdin: object } {
  const stdin = parseObject(args.stdin, 'the configuration');
  const owner = {
    containerId: containerId(args.containerId),
    network: networkName(record(stdin).name),
    ifName: ifName(args.ifName, 'CNI_IFNAME'),
  };
  return { owner, stdin };
}
