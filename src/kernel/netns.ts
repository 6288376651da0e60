/** One network namespace over rtnetlink and /proc/sys. Touches that namespace; every method is done when it returns. */

import type { Netns, NetnsChange, ProbeWay, Sysctl } from '../attach/ports';
import { CniError, fail } from '../error';
import { type Cidr, type Family, familyOf, type Ip } from '../net/ip';
import type { BridgePort, BridgeVlan, Link, LinkChange, LinkSpec } from '../net/link';
import type { Mac } from '../net/mac';
import { derivedName, type IfName, type NetnsPath } from '../net/names';
import { type Address, mainTable, type Route, type RouteFilter, type Rule, sameAct } from '../net/route';
import { sleep } from '../sleep';
import { advertise } from './announce';
import type { Message } from './codec';
import * as bridge from './codec-bridge';
import * as link from './codec-link';
import * as neighbour from './codec-neighbour';
import * as route from './codec-route';
import * as rule from './codec-rule';
import { errnoOf } from './errno';
import { closeSync } from './fs';
import { fileOf, inside, ownNamespace } from './namespace';
import { ProbeSocket } from './probe';
import { type Change, RouteSocket } from './socket';
import { ensureSysctl, readSysctl, writeSysctl } from './sysctl';

/** What the kernel says when that which is to go is not there. */
const absences: readonly string[] = ['ENOENT', 'ESRCH', 'ENODEV', 'EADDRNOTAVAIL'];

const probeLimit = 300; // ms: three questions and the time to answer; RFC 5227 takes seconds, and pods wait
const probePause = 100; // ms
const probeStep = 10; // ms

/** What all namespaces of a kernel know. */
export interface Traffic {
  /** More than 0: several things are under way, and the thread that sends does what they ask for. */
  readonly overlapping: number;
}

/** The kernel's namespace behind a descriptor; its socket is opened at the first use. */
export class RouteNetns implements Netns {
  readonly #fd: number | undefined; // undefined: the host's, the thread's own
  #socket: RouteSocket | undefined;
  #beside: RouteSocket | undefined; // for requests of the thread that sends: their answers come in an order of their own
  #closed = false;

  /** Takes over the descriptor; `undefined` for the namespace of this thread. */
  constructor(
    readonly path: NetnsPath | undefined,
    fd: number | undefined,
    readonly traffic: Traffic,
  ) {
    this.#fd = fd;
  }

  get identity(): string | undefined {
    if (this.#fd === undefined) return undefined;
    return [fileOf(this.#fd), this.#open().cookie() ?? []].flat().join(':');
  }

  async findLink(name: string): Promise<Link | undefined> {
    return this.#findLink(name);
  }

  async findLinkByIndex(index: number): Promise<Link | undefined> {
    return this.#findLink(index);
  }

  async links(): Promise<readonly Link[]> {
    return this.#open().dump(link.getLinks(), link.decodeLink, 'list links');
  }

  async createLink(spec: LinkSpec, into?: Netns): Promise<Link> {
    const target = into === undefined ? this : edge(into);
    const action = `create ${spec.kind} ${spec.name}`;
    if (spec.kind === 'tap') return target.#createTap(spec, action);
    const requestFor = (name: IfName): Change => {
      const place = { name, into: target === this ? undefined : target.#descriptor(), home: this.#descriptor() };
      return { message: link.newLink(spec, place), action };
    };
    const make = (name: IfName): void => this.#change(requestFor(name).message, action);
    try {
      if (this.traffic.overlapping > 0) return await this.#createBeside(requestFor(spec.name), target, spec.name);
      make(spec.name);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      this.#refuseTaken(spec, target, action, error);
      // Before Linux 6.15 a name counts as taken when this namespace has it, even for a link that goes elsewhere.
      if (target === this || this.#findLink(spec.name) === undefined) throw error;
      target.#takeName(make, spec, action);
    }
    return target.#made(spec.name);
  }

  async changeLink(index: number, change: LinkChange): Promise<void> {
    const [problem] = await this.#apply([request({ link: index, change })]);
    if (problem === undefined) return;
    if (problem.errno !== 'EEXIST' || change.name === undefined) throw problem;
    throw taken(`rename link ${index}`, change.name, problem);
  }

  async deleteLink(name: IfName): Promise<void> {
    this.#deleteLink(name);
    if (this.#fd !== undefined) this.#deleteLink(temporary(name)); // what a killed createLink may have left
  }

  async deleteLinks(names: readonly IfName[]): Promise<void> {
    const wanted = new Set([...names, ...(this.#fd === undefined ? [] : names.map(temporary))]);
    const all = await this.links();
    const found = all.filter((each) => wanted.has(each.name));
    const physical = found.some((each) => each.detail.kind === 'other' && each.detail.name === ''); // refused, and rightly
    if (found.length < 2 || physical) {
      for (const each of found) this.#deleteLink(each.name);
      return;
    }
    const group = freeGroup(all);
    const problems = this.#open().changeAll([
      ...found.map(({ index, name }) => ({ message: link.groupLink(index, group), action: `delete link ${name}` })),
      { message: link.deleteGroup(group), action: `delete links ${found.map(({ name }) => name).join(', ')}` },
    ]);
    const problem = problems.find((one) => one !== undefined && !absences.includes(one.errno ?? ''));
    if (problem !== undefined) throw problem;
  }

  async moveLink(index: number, into: Netns, name?: IfName): Promise<void> {
    const target = edge(into);
    const action = `move link ${name ?? index} to another namespace`;
    if (name !== undefined && target.#findLink(name) !== undefined) throw taken(action, name, undefined);
    try {
      this.#open().change(link.moveLink(index, target.#descriptor(), name), action);
    } catch (error) {
      const own = errnoOf(error) === 'EEXIST' ? (name ?? this.#findLink(index)?.name) : undefined;
      throw own === undefined ? error : taken(action, own, error);
    }
  }

  async addresses(filter: { readonly index?: number; readonly family?: Family } = {}): Promise<readonly Address[]> {
    const { index, family } = filter;
    const ask = (): readonly Address[] =>
      this.#open().dump(route.getAddresses(family, index ?? 0), route.decodeAddress, 'list addresses');
    const found = tolerant(ask, ['ENODEV']) ?? [];
    return found.filter(
      (a) => (index === undefined || a.index === index) && (family === undefined || familyOf(a.address) === family),
    );
  }

  async addAddress(index: number, address: Cidr, options: { readonly noDad?: boolean } = {}): Promise<void> {
    this.#change(route.newAddress(index, address, options.noDad === true), addingAddress(index, address));
  }

  async deleteAddress(index: number, address: Cidr): Promise<void> {
    this.#remove(route.deleteAddress(index, address), `delete address ${address} of link ${index}`);
  }

  async routes(filter: RouteFilter = {}): Promise<readonly Route[]> {
    const table = filter.table ?? mainTable;
    const ask = (): readonly Route[] =>
      this.#open().dump(route.getRoutes(filter), route.decodeRoute, 'list routes').flat();
    const found = tolerant(ask, ['ENOENT', 'ENODEV']) ?? [];
    return found.filter(
      (r) =>
        (filter.family === undefined || familyOf(r.dst) === filter.family) && // a kernel without IPv6 answers with IPv4
        (filter.index === undefined || r.index === filter.index) &&
        (table === 'all' || r.table === table),
    );
  }

  async addRoute(wanted: Route, mode: 'create' | 'append' | 'replace' = 'create'): Promise<void> {
    const message = route.newRoute(wanted, mode);
    const [problem] = await this.#apply([{ message, action: `add route ${shownRoute(wanted)}` }]);
    if (problem !== undefined) throw problem;
  }

  async deleteRoute(gone: Route): Promise<void> {
    this.#remove(route.deleteRoute(gone), `delete route ${shownRoute(gone)}`);
  }

  async rules(): Promise<readonly Rule[]> {
    return this.#rules();
  }

  async addRule(wanted: Rule): Promise<void> {
    const { message, action } = request({ rule: wanted });
    this.#change(message, action);
  }

  /** For the kernel "from all" means "from anything": the rule is looked up, so that no other goes. */
  async deleteRule(gone: Rule): Promise<void> {
    const exact = gone.iif !== undefined && gone.blackhole === true && gone.priority !== undefined;
    if (exact) return this.#remove(rule.deleteRule(gone), `delete rule ${shownRule(gone)}`); // it can be no other
    const given = (key: 'priority' | 'protocol', of: Rule): boolean => gone[key] === undefined || gone[key] === of[key];
    const found = this.#rules().find((r) => sameAct(r, gone) && given('priority', r) && given('protocol', r));
    if (found !== undefined) this.#remove(rule.deleteRule(found), `delete rule ${shownRule(gone)}`);
  }

  async bridgeVlans(index: number): Promise<readonly BridgeVlan[]> {
    return this.#open()
      .dump(bridge.getVlans(), (data) => bridge.decodeVlans(data, index), 'list VLANs of bridge ports')
      .flat();
  }

  async addBridgeVlan(index: number, vlan: BridgeVlan): Promise<void> {
    this.#change(bridge.newVlan(index, vlan), `add VLAN ${vlan.id} to bridge port ${index}`);
  }

  async deleteBridgeVlan(index: number, id: number): Promise<void> {
    this.#remove(bridge.deleteVlan(index, id), `delete VLAN ${id} of bridge port ${index}`);
  }

  async bridgePort(index: number): Promise<BridgePort | undefined> {
    const ask = (): BridgePort | undefined =>
      this.#open().get(link.getLink(index), bridge.decodePort, `find bridge port ${index}`);
    return tolerant(ask, ['ENODEV']);
  }

  async setBridgePort(index: number, port: Partial<BridgePort>): Promise<void> {
    this.#change(bridge.setPort(index, port), `set ${Object.keys(port).join(', ')} of bridge port ${index}`);
  }

  async setNeighbour(index: number, address: Ip, mac: Mac): Promise<void> {
    this.#change(neighbour.setNeighbour(index, address, mac), `tell link ${index} of neighbour ${address}`);
  }

  async neighbours(index: number): Promise<readonly (readonly [Ip, Mac])[]> {
    const decode = (data: Buffer): readonly [Ip, Mac] | undefined => neighbour.decodeNeighbour(data, index);
    return this.#open().dump(neighbour.getNeighbours(index), decode, `list neighbours of link ${index}`);
  }

  async probe(
    index: number,
    addresses: readonly Ip[],
    { limit = probeLimit, everybody = false, size }: ProbeWay = {},
  ): Promise<readonly (readonly [Ip, Mac])[]> {
    const { mac } = this.#findLink(index) ?? {};
    if (mac === undefined || addresses.length === 0) return [];
    const socket = this.#inside(() => new ProbeSocket(index, mac));
    const held = new Map<string, readonly [Ip, Mac]>();
    try {
      for (let waited = 0; waited < limit && (everybody || held.size < addresses.length); waited += probeStep) {
        if (waited % probePause === 0) socket.ask(addresses, size);
        await sleep(probeStep);
        for (const [address, holder] of socket.heard()) {
          const key = everybody ? `${address} ${holder}` : address;
          if (addresses.includes(address) && !held.has(key)) held.set(key, [address, holder]);
        }
      }
      return [...held.values()];
    } finally {
      socket.close();
    }
  }

  async echo(index: number, from: Ip, to: readonly [Ip, Mac], size: number): Promise<boolean> {
    const { mac } = this.#findLink(index) ?? {};
    if (mac === undefined) return false;
    const { EchoSocket } = await import('./echo-socket');
    const socket = this.#inside(() => new EchoSocket(index, { from: [from, mac], to, size, id: process.pid & 0xffff }));
    try {
      for (let waited = 0; waited < probeLimit; waited += probeStep) {
        if (waited % probePause === 0) socket.ask();
        await sleep(probeStep);
        if (socket.heard()) return true;
      }
      return false;
    } finally {
      socket.close();
    }
  }

  async announce(index: number, addresses: readonly Ip[]): Promise<void> {
    const { mac } = this.#findLink(index) ?? {};
    if (mac === undefined) return;
    const ipv4 = addresses.filter((one) => familyOf(one) === 4);
    const ipv6 = addresses.filter((one) => familyOf(one) === 6);
    if (ipv6.length > 0) this.#inside(() => advertise(index, ipv6, mac));
    const [first, second] = ipv4;
    if (first !== undefined && second === undefined) this.#announceAlone(index, first);
    else if (first !== undefined) {
      const socket = this.#inside(() => new ProbeSocket(index, mac));
      try {
        socket.tell(ipv4);
      } finally {
        socket.close();
      }
    }
  }

  /**
   * The kernel asks the network for the pod's own address as for a neighbour's: a gratuitous ARP, whose sender is the first
   * address of that subnet, so this is for a link that has one. A packet socket does it, too, but takes 10 ms to close.
   */
  #announceAlone(index: number, address: Ip): void {
    const action = `announce ${address}`;
    const [asked] = this.#open().changeAll([
      { message: neighbour.useNeighbour(index, address), action },
      { message: neighbour.forgetNeighbour(index, address), action },
    ]);
    if (asked !== undefined) throw asked;
  }

  async sysctl(key: string): Promise<string | undefined> {
    return this.#inside(() => readSysctl(key));
  }

  async setSysctl(key: string, value: string): Promise<void> {
    this.#inside(() => writeSysctl(key, value));
  }

  async ensureSysctls(wanted: readonly Sysctl[]): Promise<readonly boolean[]> {
    return this.#inside(() => wanted.map(([key, value]) => ensureSysctl(key, value)));
  }

  async changeAll(changes: readonly NetnsChange[]): Promise<readonly (CniError | undefined)[]> {
    if (changes.length === 0) return [];
    const problems = await this.#apply(changes.map(request));
    const isDone = (problem: CniError | undefined, at: number): boolean =>
      'gone' in (changes[at] ?? {}) && absences.includes(problem?.errno ?? '');
    return problems.map((problem, at) => (isDone(problem, at) ? undefined : problem));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.close();
    this.#beside?.close();
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #open(): RouteSocket {
    if (this.#closed) return fail('Internal', `Cannot use the namespace ${this.path ?? 'of the host'}: it is closed`);
    this.#socket ??= this.#inside(() => new RouteSocket());
    return this.#socket;
  }

  #openBeside(): RouteSocket {
    this.#open(); // not once it is closed
    this.#beside ??= this.#inside(() => new RouteSocket());
    return this.#beside;
  }

  /** Changes several things; what became of each. */
  async #apply(changes: readonly Change[]): Promise<readonly (CniError | undefined)[]> {
    if (this.traffic.overlapping > 0) return this.#openBeside().changeAllBeside(changes);
    return this.#open().changeAll(changes);
  }

  /** Makes a link and looks at it: the thread that sends goes straight from one to the other. */
  async #createBeside(making: Change, target: RouteNetns, name: IfName): Promise<Link> {
    const made = this.#openBeside().changeAllBeside([making]);
    const looking = target.#openBeside().getBeside(link.getLink(name), link.decodeLink, `find link ${name}`);
    const looked = looking.catch(() => undefined); // looked at once more below
    const [problem] = await made;
    const found = await looked;
    if (problem !== undefined) throw problem;
    return found ?? target.#made(name);
  }

  #inside<T>(work: () => T): T {
    return this.#fd === undefined ? work() : inside(this.#fd, work);
  }

  #descriptor(): number {
    return this.#fd ?? ownNamespace();
  }

  #change(message: Message, action: string): void {
    this.#open().change(message, action);
  }

  /** Already gone is done. */
  #remove(message: Message, action: string): void {
    tolerant(() => this.#change(message, action), absences);
  }

  #findLink(which: number | string): Link | undefined {
    const ask = (): Link | undefined => this.#open().get(link.getLink(which), link.decodeLink, `find link ${which}`);
    return tolerant(ask, typeof which === 'string' ? ['ENODEV', 'EINVAL', 'ERANGE'] : ['ENODEV']); // no such name can be
  }

  #rules(): readonly Rule[] {
    return this.#open().dump(rule.getRules(), rule.decodeRule, 'list rules');
  }

  /** A tap device is made by its own file; what that cannot say is changed afterwards, and a device half as asked for goes again. */
  async #createTap(spec: Extract<LinkSpec, { kind: 'tap' }>, action: string): Promise<Link> {
    if (this.#findLink(spec.name) !== undefined) throw taken(action, spec.name, undefined);
    const { createTap } = await import('./tap');
    this.#inside(() => createTap(spec, action));
    try {
      const { mac, mtu, group } = spec;
      const { index } = this.#made(spec.name);
      if (mac !== undefined || mtu !== undefined) this.#change(link.setLink(index, { mac, mtu }), action);
      if (group !== undefined) this.#change(link.groupLink(index, group), action);
      return this.#made(spec.name);
    } catch (error) {
      this.#deleteLink(spec.name);
      throw error;
    }
  }

  /** The link that was just made; one that cannot be looked at goes again, for nobody would know whose it is. */
  #made(name: IfName): Link {
    try {
      return this.#findLink(name) ?? fail('LinkMissing', `Cannot find link ${name} after it was made`);
    } catch (error) {
      this.#deleteLink(name);
      throw error;
    }
  }

  /** By index, so that a link which merely has that alternative name stays. */
  #deleteLink(name: IfName): void {
    const found = this.#findLink(name);
    if (found?.name === name) this.#remove(link.deleteLink(found.index), `delete link ${name}`);
  }

  /** Makes the link under a temporary name and renames it here; one that an earlier, killed call left goes first. */
  #takeName(make: (name: IfName) => void, spec: LinkSpec, action: string): void {
    const name = temporary(spec.name);
    this.#deleteLink(name);
    make(name);
    try {
      const made = this.#findLink(name) ?? fail('LinkMissing', `Cannot ${action}: its temporary name ${name} is gone`);
      this.#change(link.setLink(made.index, { name: spec.name }), `rename ${name} to ${spec.name}`);
    } catch (error) {
      this.#deleteLink(name);
      throw errnoOf(error) === 'EEXIST' ? taken(action, spec.name, error) : error;
    }
  }

  /** Throws LinkExists when one of the names of a new link is taken where it goes. */
  #refuseTaken(spec: LinkSpec, target: RouteNetns, action: string, cause: unknown): void {
    if (target.#findLink(spec.name) !== undefined) throw taken(action, spec.name, cause);
    if (spec.kind === 'veth' && this.#findLink(spec.peerName) !== undefined) throw taken(action, spec.peerName, cause);
  }
}

/** The name of a link on its way to its own name; the same each time, so that a forgotten one is found. */
function temporary(name: IfName): IfName {
  return derivedName('b', name);
}

/** A link group that no link of the namespace is in: what is in it afterwards was put there by the caller. */
function freeGroup(all: readonly Link[]): number {
  for (;;) {
    const group = 1 + Math.floor(Math.random() * 0x7ffffffe);
    if (!all.some((each) => each.group === group)) return group;
  }
}

function taken(action: string, name: string, cause: unknown): CniError {
  return new CniError('LinkExists', `Cannot ${action}: a link ${name} exists`, { errno: 'EEXIST', cause });
}

function shownRoute(r: Route): string {
  const via = r.gateway === undefined ? '' : ` via ${r.gateway}`;
  const table = r.table === undefined || r.table === mainTable ? '' : ` in table ${r.table}`;
  return `${r.dst}${via}${table}`;
}

/** The message for a change, and the words for it. */
function request(one: NetnsChange): Change {
  if ('rule' in one) return { message: rule.newRule(one.rule), action: `add rule ${shownRule(one.rule)}` };
  if ('gone' in one) return { message: rule.deleteRule(one.gone), action: `delete rule ${shownRule(one.gone)}` };
  if ('address' in one)
    return { message: route.newAddress(one.link, one.address, false), action: addingAddress(one.link, one.address) };
  return {
    message: link.setLink(one.link, one.change),
    action: `change ${Object.keys(one.change).join(', ')} of link ${one.link}`,
  };
}

function addingAddress(index: number, address: Cidr): string {
  return `add address ${address} to link ${index}`;
}

function shownRule({ source, iif, blackhole, table }: Rule): string {
  const link = iif === undefined ? '' : ` iif ${iif}`;
  return `from ${source ?? 'all'}${link} ${blackhole === true ? 'blackhole' : `lookup ${table}`}`;
}

/** The result, or `undefined` when the kernel said one of these. */
function tolerant<T>(work: () => T, errnos: readonly string[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Only namespaces of this kernel can be a place for its links. */
function edge(namespace: Netns): RouteNetns {
  return namespace instanceof RouteNetns ? namespace : fail('Internal', 'Cannot use a namespace of another kernel');
}
