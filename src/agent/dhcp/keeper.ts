/** All leases of this node: asked for, given back, kept on disk and taken up again. Acts through the means it is given. */
import type { Files, Log } from '../../attach/ports';
import { parseArgsLeniently } from '../../cni/args';
import { parseIpam } from '../../cni/ipam';
import { findPod } from '../../cni/request';
import type { Result } from '../../cni/result';
import { type DhcpConfig, parseDhcp } from '../../dhcp/config';
import { type Lease4, toResult4 } from '../../dhcp/lease4';
import { Life4 } from '../../dhcp/life4';
import { type Options4, opt4 } from '../../dhcp/option4';
import type { CmdArgs } from '../../dhcp/rpc';
import { toCniError } from '../../error';
import { parseObject, record } from '../../json';
import { fingerprint } from '../../net/hash';
import { containerId, ifName, netnsPath, networkName } from '../../net/names';
import type { PodIdentity } from '../../pod/event';
import type { Place, PodLinks, Trouble } from './ports';
import { Runner, type RunnerMeans, type Wish } from './runner';
import { clientIdOf, fromText, type Owner, type Saved, toText } from './saved';

/** What the keeper acts through. */
export interface KeeperMeans {
  readonly links: PodLinks;
  readonly files: Files;
  readonly log: Log;
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
      else this.#start(toWish(ownerOf(saved), saved.pod, saved), saved.told, saved.lease);
    }
  }

  /** The lease of that interface: the one that is held, or a new one. Throws in words for the caller. */
  async allocate(args: CmdArgs): Promise<Result> {
    const { owner, pod, config } = parse(args);
    const held = this.#runners.get(keyOf(owner));
    if (held !== undefined && !(await held.isThere())) await this.#drop(held);
    const place = { netns: netnsPath(args.netns), identity: undefined, ifName: owner.ifName };
    const runner = this.#runners.get(keyOf(owner)) ?? this.#start(toWish(owner, pod, place), config.options);
    const lease = runner.lease ?? (await runner.first);
    const result = toResult4(lease, config.priority);
    if (result === undefined) throw new Error('DHCP option Subnet Mask not found in DHCPACK');
    return result;
  }

  /** Gives it back; one that is not held is released. */
  async release(args: CmdArgs): Promise<void> {
    const { owner } = parseOwner(args);
    const held = this.#runners.get(keyOf(owner));
    if (held !== undefined) await held.release();
  }

  /** Ends; the leases stay. */
  stop(): void {
    for (const runner of this.#runners.values()) runner.stop();
  }

  #start(wish: Wish, told: Options4, lease?: Lease4): Runner {
    const key = keyOf(wish.owner);
    const { links, files, log, now, random, tell } = this.means;
    const path = this.#pathOf(wish.owner);
    const means: RunnerMeans = {
      links,
      log,
      now,
      random,
      tell,
      keep: async (kept, place) => files.writeText(path, toText(this.#saved(wish, told, kept, place))),
      forget: async () => {
        if (this.#runners.get(key) === runner) this.#runners.delete(key);
        await files.delete(path);
      },
    };
    const runner: Runner = new Runner(
      wish,
      new Life4(new Map([[opt4.clientId, clientIdOf(wish.owner)], ...told]), lease),
      means,
    );
    this.#runners.set(key, runner);
    return runner;
  }

  #saved({ owner, pod }: Wish, told: Options4, lease: Lease4, { netns, identity = '' }: Place): Saved {
    return { bootId: this.means.bootId, ...owner, netns, identity, pod, told, lease };
  }

  async #drop(runner: Runner): Promise<void> {
    this.#runners.delete(keyOf(runner.wish.owner));
    runner.stop();
    await this.means.files.delete(this.#pathOf(runner.wish.owner));
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
  #pathOf(owner: Owner): string {
    return `${this.means.directory}/${fingerprint(32, keyOf(owner))}.json`;
  }
}

const keyOf = (owner: Owner): string => clientIdOf(owner).toString('hex');

const ownerOf = ({ containerId: id, network, ifName: name }: Owner): Owner => ({
  containerId: id,
  network,
  ifName: name,
});

const toWish = (owner: Owner, pod: PodIdentity | undefined, place: Place): Wish => ({
  owner,
  pod,
  place,
  family: 4,
  isOneOfTwo: false,
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
