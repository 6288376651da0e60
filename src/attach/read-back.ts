/** Reads back what namespaces were asked for: a kernel may say yes to a request and not do it, or not all of it. Acts through the namespaces it wraps. */
import { CniError, placed } from '../error';
import {
  type Broken,
  brokenBy,
  brokenSpec,
  type Claim,
  claimsOf,
  type Held,
  isHeldElsewhere,
  isTakenBack,
  keyOf,
} from '../net/claims';
import { type Family, familyOf } from '../net/ip';
import type { Link, LinkChange, LinkSpec } from '../net/link';
import type { IfName } from '../net/names';
import type { Route } from '../net/route';
import type { Edges, Kernel, Netns, NetnsChange } from './ports';

/** The same namespaces, which know what they were asked for. */
export interface Watched {
  readonly pod: Netns;
  readonly edges: Edges;
  /** The index in the pod of a link that was made there by that name; `undefined` when it came otherwise: look. */
  indexInPod(name: IfName): number | undefined;
  /** KernelRefused names the first thing that is not as it was asked for; AddressTaken an address that somebody else has. */
  verify(): Promise<void>;
}

/**
 * Watches the pod and the node. What a foreign delegate does in between is its own business: all is verified before it runs,
 * and counts no more after it.
 */
export function watched(pod: Netns, edges: Edges): Watched {
  const spaces = [new WatchedSpace(pod), new WatchedSpace(edges.kernel.host)] as const;
  const verify = async (): Promise<void> => {
    for (const space of spaces) await space.verify();
  };
  const run: Edges['foreign']['run'] = async (call, meanwhile) => {
    if (call.command === 'ADD') await verify();
    const stdout = await edges.foreign.run(call, meanwhile);
    for (const space of spaces) space.forget();
    return stdout;
  };
  const { kernel } = edges;
  const watchedKernel = {
    host: spaces[1].netns,
    open: (...place: Parameters<Kernel['open']>) => kernel.open(...place),
    find: (...place: Parameters<Kernel['find']>) => kernel.find(...place),
    overlapping: <T>(work: () => Promise<T>) => kernel.overlapping(work),
  };
  return {
    pod: spaces[0].netns,
    edges: { ...edges, kernel: watchedKernel, foreign: { ...edges.foreign, run } },
    indexInPod: (name) => spaces[0].made.get(name),
    verify,
  };
}

const watching = new WeakMap<Netns, WatchedSpace>();

/** One namespace, and what it was asked for since the last look. */
class WatchedSpace {
  readonly netns: Netns;
  readonly #claims = new Map<string, Claim>();
  readonly made = new Map<IfName, number>(); // index of each link that was made here
  // As last read whole, while nothing has changed since.
  #links: readonly Link[] | undefined;
  #routes: readonly Route[] | undefined;

  constructor(readonly space: Netns) {
    const own: Partial<Netns> = this.#methods();
    this.netns = new Proxy(space, {
      get(target, key: keyof Netns) {
        const value = target[key];
        return own[key] ?? (typeof value === 'function' ? value.bind(target) : value);
      },
    });
    watching.set(this.netns, this);
  }

  /** All claims, or some; none of these counts any more. */
  async verify(isMeant: (claim: Claim) => boolean = () => true): Promise<void> {
    const claims = [...this.#claims.values()].filter(isMeant);
    if (claims.length === 0) return;
    const held = await heldFor(claims, this.space, { links: this.#links, routes: this.#routes });
    for (const claim of claims) {
      const link = claim.index === undefined ? undefined : held.links.get(claim.index);
      if (isHeldElsewhere(claim, held)) throw heldElsewhere(claim, link);
      const broken = brokenBy(claim, held);
      if (broken !== undefined) throw notDone(broken, link);
    }
    this.#drop(isMeant);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.made.clear();
    this.#drop(() => true);
  }

  #methods(): Partial<Netns> {
    const { space } = this;
    return {
      createLink: (spec, into) => this.#create(spec, into),
      moveLink: async (index, into, name) => {
        // There it has another index, and starts anew. The way back, out of a pod, is not to be stopped.
        const isIts = (claim: Claim): boolean => claim.index === index;
        if (space.path === undefined) await this.verify(isIts);
        this.#drop(isIts);
        this.#forgetName(index);
        this.#links = undefined;
        await space.moveLink(index, watching.get(into)?.space ?? into, name);
      },
      changeLink: async (index, change) => {
        await space.changeLink(index, change);
        this.#noteChange(index, change);
      },
      changeAll: async (changes) => {
        const problems = await space.changeAll(changes);
        for (const [at, change] of changes.entries()) if (problems[at] === undefined) this.#noteOne(change);
        return problems;
      },
      deleteLink: (name) => this.#delete([name], () => space.deleteLink(name)),
      deleteLinks: (names) => this.#delete(names, () => space.deleteLinks(names)),
      addAddress: async (index, address, options) => {
        await space.addAddress(index, address, options);
        this.#note({ about: 'address', index, address, gone: false });
      },
      deleteAddress: async (index, address) => {
        await space.deleteAddress(index, address);
        this.#dropRoutes(index); // those with this source
        this.#note({ about: 'address', index, address, gone: true });
      },
      addRoute: async (route, mode) => {
        await space.addRoute(route, mode);
        this.#note({ about: 'route', index: route.index, route, gone: false });
      },
      deleteRoute: async (route) => {
        await space.deleteRoute(route);
        this.#noteGone({ about: 'route', index: route.index, route, gone: true });
      },
      addRule: async (rule) => {
        await space.addRule(rule);
        this.#note({ about: 'rule', index: undefined, rule, gone: false });
      },
      deleteRule: async (rule) => {
        await space.deleteRule(rule);
        this.#noteGone({ about: 'rule', index: undefined, rule, gone: true });
      },
      setBridgePort: async (index, port) => {
        await space.setBridgePort(index, port);
        for (const key of ['hairpin', 'isolated'] as const) {
          const value = port[key];
          if (value !== undefined) this.#note({ about: 'port', index, key, value });
        }
      },
      addBridgeVlan: async (index, vlan) => {
        await space.addBridgeVlan(index, vlan);
        this.#note({ about: 'vlan', index, id: vlan.id, vlan });
      },
      deleteBridgeVlan: async (index, id) => {
        await space.deleteBridgeVlan(index, id);
        this.#note({ about: 'vlan', index, id, vlan: undefined });
      },
      setNeighbour: async (index, address, mac) => {
        await space.setNeighbour(index, address, mac);
        this.#note({ about: 'neighbour', index, address, mac });
      },
      links: async () => {
        this.#links = await space.links();
        return this.#links;
      },
      routes: async (filter = {}) => {
        const routes = await space.routes(filter);
        if (filter.table === 'all' && Object.keys(filter).length === 1) this.#routes = routes;
        return routes;
      },
      setSysctl: async (key, value) => {
        await space.setSysctl(key, value); // reads back itself
        if (key.startsWith('net/ipv4/')) this.#drop((claim) => claim.about === 'link' && ipv4Keys.has(claim.key)); // may be the same
      },
    };
  }

  /** Looked at at once, for others may change what they share. A link that is not as asked for goes again: its maker will not. */
  async #create(spec: LinkSpec, into: Netns | undefined): Promise<Link> {
    const place = into === undefined ? this : watching.get(into);
    const target = place?.space ?? into;
    const link = await this.space.createLink(spec, into === undefined ? undefined : target);
    if (place !== undefined) place.#noteMade(link);
    const broken = brokenSpec(spec, link);
    if (broken === undefined) return link;
    await target?.deleteLink(spec.name);
    throw notDone(broken, link);
  }

  #forgetName(index: number): void {
    for (const [name, made] of this.made) if (made === index) this.made.delete(name);
  }

  #noteMade({ name, index }: Link): void {
    this.made.set(name, index);
    this.#links = undefined;
  }

  #note(claim: Claim): void {
    this.#routes = undefined;
    if (claim.about === 'link') this.#links = undefined;
    this.#claims.set(keyOf(claim), claim);
  }

  #noteOne(one: NetnsChange): void {
    if ('rule' in one) this.#note({ about: 'rule', index: undefined, rule: one.rule, gone: false });
    else if ('gone' in one) this.#noteGone({ about: 'rule', index: undefined, rule: one.gone, gone: true });
    else if ('address' in one) this.#note({ about: 'address', index: one.link, address: one.address, gone: false });
    else this.#noteChange(one.link, one.change);
  }

  /** With its master, and when it goes down, a link loses routes. */
  #noteChange(index: number, change: LinkChange): void {
    if (change.master !== undefined || change.up === false) this.#dropRoutes(index);
    if (change.name !== undefined) this.#forgetName(index);
    for (const claim of claimsOf(index, change)) this.#note(claim);
  }

  #noteGone(gone: Claim): void {
    this.#drop((claim) => isTakenBack(claim, gone));
    this.#note(gone);
  }

  /** What is not there any more was asked for nothing. */
  async #delete(names: readonly IfName[], work: () => Promise<void>): Promise<void> {
    await work();
    for (const name of names) {
      const index = this.made.get(name);
      this.made.delete(name);
      if (index !== undefined) this.#drop((claim) => claim.index === index);
    }
    this.#links = undefined;
  }

  #dropRoutes(index: number): void {
    this.#drop((claim) => claim.about === 'route' && claim.index === index);
  }

  #drop(isDropped: (claim: Claim) => boolean): void {
    this.#routes = undefined;
    for (const [key, claim] of this.#claims) if (isDropped(claim)) this.#claims.delete(key);
  }
}

const ipv4Keys: ReadonlySet<string> = new Set(['forwarding', 'arpIgnore', 'arpAnnounce', 'arpNotify']);

/** What was read of a namespace whole, and is as it was. */
interface Known {
  readonly links: readonly Link[] | undefined;
  readonly routes: readonly Route[] | undefined;
}

/**
 * What the kernel holds of all that the claims are about. A pod is looked at as a whole, of a node, which may have much, only
 * those links.
 */
async function heldFor(claims: readonly Claim[], space: Netns, known: Known): Promise<Held> {
  const all = new Set<number>();
  const indexes: Record<Claim['about'], Set<number>> = {
    link: new Set(),
    port: new Set(),
    vlan: new Set(),
    neighbour: new Set(),
    address: new Set(),
    route: new Set(),
    rule: new Set(),
  };
  for (const { about, index } of claims)
    if (index !== undefined) {
      all.add(index);
      indexes[about].add(index);
    }
  const each = async <T>(among: ReadonlySet<number>, read: (index: number) => Promise<T>): Promise<Map<number, T>> => {
    const found = new Map<number, T>();
    for (const index of among) found.set(index, await read(index));
    return found;
  };
  const isPod = space.path !== undefined;
  const listed = async <T>(among: ReadonlySet<number>, read: (index?: number) => Promise<readonly T[]>) =>
    isPod && among.size > 0 ? await read() : [...(await each(among, read)).values()].flat();
  const links =
    known.links ??
    (await listed(all, async (index) =>
      index === undefined
        ? await space.links()
        : [await space.findLinkByIndex(index)].filter((link) => link !== undefined),
    ));
  const family = onlyFamily(claims); // IPv6 has an address of its own on each link
  return {
    links: new Map(links.map((link) => [link.index, link])),
    ports: await each(indexes.port, (index) => space.bridgePort(index)),
    vlans: await each(indexes.vlan, (index) => space.bridgeVlans(index)),
    neighbours: await each(indexes.neighbour, (index) => space.neighbours(index)),
    addresses: await listed(indexes.address, (index) =>
      space.addresses({ ...(index === undefined ? {} : { index }), ...(family === undefined ? {} : { family }) }),
    ),
    routes:
      known.routes ??
      (await listed(indexes.route, (index) =>
        space.routes(index === undefined ? { table: 'all' } : { table: 'all', index }),
      )),
    rules: claims.some(({ about }) => about === 'rule') ? await space.rules() : [],
  };
}

/** The family of all addresses that there are claims about; `undefined` when they have both. */
function onlyFamily(claims: readonly Claim[]): Family | undefined {
  let family: Family | undefined;
  for (const claim of claims) {
    if (claim.about !== 'address') continue;
    if (family !== undefined && familyOf(claim.address) !== family) return undefined;
    family = familyOf(claim.address);
  }
  return family;
}

function notDone({ tried, held }: Broken, link: Link | undefined): CniError {
  const error = new CniError('KernelRefused', `Cannot ${tried}: the kernel said yes, and has ${held}`);
  return placed(error, { ifName: link?.name });
}

function heldElsewhere(claim: Claim, link: Link | undefined): CniError {
  const address = claim.about === 'address' ? claim.address : '';
  const words = `Cannot use ${address} on ${link?.name}: another host on the network has it`;
  return placed(new CniError('AddressTaken', words), { ifName: link?.name });
}
