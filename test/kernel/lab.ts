/**
 * A node for kernel tests: the process's own namespace as host, pods beside it, uplinks, a look through `ip`, UDP between
 * namespaces. Touches the kernel it runs in, so only inside a guest (scripts/guest/run) or under `unshare --net`.
 */
import { execFileSync } from 'node:child_process';
import type { Kernel, Netns } from '../../src/attach/ports';
import { openKernel } from '../../src/kernel/kernel';
import type { Ip } from '../../src/net/ip';
import type { Link } from '../../src/net/link';
import { ifName, type NetnsPath, netnsPath } from '../../src/net/names';
import { echo } from './echo';

/** A namespace of the lab. */
export interface Space {
  /** For `ip netns exec`; `undefined` is the host. */
  readonly name: string | undefined;
  readonly path: NetnsPath;
  readonly netns: Netns;
}

/** What `ip -j` prints, one object for each thing. */
export type Shown = Readonly<Record<string, unknown>>;

let count = 0;

/** Everything made through it goes away with `close`. */
export class Lab {
  readonly kernel: Kernel = openKernel();
  readonly host: Space = { name: undefined, path: netnsPath('/proc/self/ns/net'), netns: this.kernel.host };
  #spaces: Space[] = [];
  #wire: Space | undefined;
  readonly #atFirst: readonly string[];

  constructor() {
    const links = this.ip(this.host, 'link');
    const used = links.filter((link) => link.ifname !== 'lo' && (link.flags as readonly string[]).includes('UP'));
    if (process.env.BRAID_GUEST !== '1' && used.length > 0)
      // somebody's network: never ours to change
      throw new Error('kernel tests need a network of their own: scripts/guest/run, or unshare --net');
    this.#atFirst = links.map((link) => String(link.ifname));
  }

  /** A new namespace, with `lo` down, as a container runtime makes one. */
  async namespace(): Promise<Space> {
    count += 1;
    const name = `braid-${process.pid}-${count}`;
    execFileSync('ip', ['netns', 'add', name]);
    const path = netnsPath(`/run/netns/${name}`);
    const space = { name, path, netns: await this.kernel.open(path) };
    this.#spaces.push(space);
    return space;
  }

  /** Takes a namespace away, as the runtime does at the end of a pod. Its links go in the background. */
  remove(space: Space): void {
    space.netns.close();
    this.#spaces = this.#spaces.filter((other) => other !== space);
    if (space.name !== undefined) execFileSync('ip', ['netns', 'del', space.name]);
  }

  /** A host link that is up and has carrier: one end of a cable; the other end has the same name in `wire`. */
  async uplink(name: string): Promise<Link> {
    const wire = await this.wire();
    const far = await this.kernel.host.createLink(
      { kind: 'veth', name: ifName(name, 'uplink'), peerName: ifName(name, 'uplink') },
      wire.netns,
    );
    await wire.netns.changeLink(far.index, { up: true });
    const near = await this.kernel.host.findLink(name);
    if (near === undefined) throw new Error(`no link ${name} after making it`);
    await this.kernel.host.changeLink(near.index, { up: true });
    return (await this.kernel.host.findLink(name)) ?? near;
  }

  /** The namespace at the other end of all uplinks. */
  async wire(): Promise<Space> {
    this.#wire ??= await this.namespace();
    return this.#wire;
  }

  /** Runs a program in a namespace; its stdout. */
  run(space: Space, program: string, ...args: readonly string[]): string {
    const [file = '', ...rest] =
      space.name === undefined ? [program, ...args] : ['ip', 'netns', 'exec', space.name, program, ...args];
    return execFileSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** `ip -d -j …` in a namespace. */
  ip(space: Space, ...args: readonly string[]): readonly Shown[] {
    const where = space.name === undefined ? [] : ['-n', space.name];
    const text = execFileSync('ip', [...where, '-d', '-j', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return text.trim() === '' ? [] : (JSON.parse(text) as Shown[]).filter((shown) => Object.keys(shown).length > 0);
  }

  /** Several `ip` commands of one family in one process: starting one is slow in a guest. One list for each command. */
  ipAll(space: Space, family: 4 | 6, ...commands: readonly string[]): readonly (readonly Shown[])[] {
    const where = space.name === undefined ? [] : ['-n', space.name];
    const text = execFileSync('ip', [...where, `-${family}`, '-d', '-j', '-batch', '-'], {
      encoding: 'utf8',
      input: commands.join('\n'),
    });
    const lists = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Shown[]);
    return lists.map((list) => list.filter((shown) => Object.keys(shown).length > 0));
  }

  /** Whether a datagram from one namespace to an address of the other comes back within that time (milliseconds). */
  async echo(
    from: Space,
    to: Space,
    address: Ip,
    options: { readonly source?: Ip; readonly patience?: number } = {},
  ): Promise<boolean> {
    const place = ({ name, path }: Space) => ({ path: name === undefined ? undefined : path });
    return echo(place(from), place(to), address, options);
  }

  /** Removes namespaces and every host link that was not there at first. */
  async close(): Promise<void> {
    for (const space of [...this.#spaces]) this.remove(space);
    this.#wire = undefined;
    for (const link of await this.kernel.host.links())
      if (!this.#atFirst.includes(link.name) && link.detail.kind !== 'other')
        await this.kernel.host.deleteLink(link.name);
  }
}
