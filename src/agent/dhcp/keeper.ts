/** All leases of this node: asked for, given back, kept on disk and taken up again. Acts through the means it is given. */
import type { Files, Log } from '../../attach/ports';
import { parseArgsLeniently } from '../../cni/args';
import { parseIpam } from '../../cni/ipam';
import type { Result } from '../../cni/result';
import { type DhcpConfig, parseDhcp } from '../../dhcp/config';
import { type Lease4, toResult4 } from '../../dhcp/lease4';
import type { CmdArgs } from '../../dhcp/rpc';
import { toCniError } from '../../error';
import { parseObject, record } from '../../json';
import { fingerprint } from '../../net/hash';
import { containerId, ifName, netnsPath, networkName } from '../../net/names';
import type { Place, PodLinks } from './ports';
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
      else this.#start({ owner: saved, place: saved, told: saved.told }, saved.lease);
    }
  }

  /** The lease of that interface: the one that is held, or a new one. Throws in words for the caller. */
  async allocate(args: CmdArgs): Promise<Result> {
    const { owner, config } = parse(args);
    const held = this.#runners.get(keyOf(owner));
    if (held !== undefined && !(await held.isThere())) await this.#drop(held);
    const place = { netns: netnsPath(args.netns), identity: undefined, ifName: owner.ifName };
    const runner = this.#runners.get(keyOf(owner)) ?? this.#start({ owner, place, told: config.options });
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

  #start(wish: Wish, lease?: Lease4): Runner {
    const key = keyOf(wish.owner);
    const { links, files, log, now, random } = this.means;
    const path = this.#pathOf(wish.owner);
    const means: RunnerMeans = {
      links,
      log,
      now,
      random,
      keep: async (kept, place) => files.writeText(path, toText(this.#saved(wish, kept, place))),
      forget: async () => {
        if (this.#runners.get(key) === runner) this.#runners.delete(key);
        await files.delete(path);
      },
    };
    const runner: Runner = new Runner(wish, means, lease);
    this.#runners.set(key, runner);
    return runner;
  }

  #saved({ owner, told }: Wish, lease: Lease4, { netns, identity = '' }: Place): Saved {
    const { containerId: id, network, ifName: name } = owner;
    return { bootId: this.means.bootId, containerId: id, network, ifName: name, netns, identity, told, lease };
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

function parse(args: CmdArgs): { readonly owner: Owner; readonly config: DhcpConfig } {
  const { owner, stdin } = parseOwner(args);
  return { owner, config: parseDhcp(parseIpam(record(stdin)), parseArgsLeniently(args.args)) };
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
