/** The kernel as a model in memory, for tests and for braid plan: namespaces, links, addresses, routes, rules, sysctls. Touches nothing outside itself. */
import type { Kernel, Netns, NetnsChange, ProbeWay, Sysctl } from '../attach/ports';
import { CniError, fail } from '../error';
import { refused } from '../kernel/errno';
import { addressOf, type Cidr, cidr, type Family, familyOf, type Ip, ip, lengthOf, networkOf, toCidr } from '../net/ip';
import type { BridgePort, BridgeVlan, Link, LinkChange, LinkSpec } from '../net/link';
import { type Mac, macBytes } from '../net/mac';
import { type IfName, ifName, type NetnsPath, netnsPath } from '../net/names';
import { type Address, mainTable, type Route, type RouteFilter, type Rule } from '../net/route';
import { type Device, detailOf, device, isImmovable, isLoopback, stack, toLink } from './kernel-device';
import { FakeRoutes, FakeRules } from './kernel-routes';
import { FakeSysctls } from './kernel-sysctl';

/** A physical link of the fake host. */
export interface HostLink {
  readonly name: string;
  readonly mtu?: number;
  readonly mac?: Mac;
  readonly up?: boolean; // default: up
  readonly addresses?: readonly string[]; // as `10.0.0.5/24`
  readonly altNames?: readonly string[];
  /** Address of the hardware, e.g. 0000:00:03.0. */
  readonly device?: string;
}

/** What a fake kernel starts with. */
export interface FakeKernelOptions {
  readonly hostLinks?: readonly (string | HostLink)[];
  /** The host's default gateways, on the first host link. */
  readonly hostGateways?: readonly string[];
  /** Path of the pod's namespace. */
  readonly podPath?: string;
  /** false: a kernel without IPv6. */
  readonly ipv6?: boolean;
  /** How duplicate address detection ends: at once and well (default), never, or badly. */
  readonly dad?: 'done' | 'stuck' | 'failed';
  /** Keep a list of the calls in `calls`. */
  readonly record?: boolean;
}

/** Methods of Netns that a test can make fail. */
export type Act = {
  [K in keyof Netns]: Netns[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof Netns];

/** A kernel with the host's namespace and one pod's; more can be added. */
export class FakeKernel implements Kernel {
  readonly host: FakeNetns;
  readonly pod: FakeNetns;
  /** Hosts of the network that hold an address. */
  readonly holders = new Map<Ip, Mac | readonly Mac[]>();
  /** VLANs that the switch does not let through. */
  readonly blockedVlans = new Set<number>();
  /** Largest packet that the network carries. */
  networkMtu = 65535;
  /** The same for the way back; 0: nobody answers to echo requests. */
  returnMtu = 65535;
  /** What was asked for, as `createLink net1`, when recording. */
  readonly calls: string[] = [];
  readonly #spaces = new Map<NetnsPath, FakeNetns>();
  #made = 0; // namespaces
  readonly #failures: { act: Act; error: CniError }[] = [];

  constructor(readonly options: FakeKernelOptions = {}) {
    this.host = new FakeNetns(this, undefined, undefined);
    this.pod = this.addNamespace(options.podPath ?? '/var/run/netns/pod');
    this.host.bringUp(this.host.device('lo'));
    for (const link of options.hostLinks ?? []) this.host.plug(typeof link === 'string' ? { name: link } : link);
    for (const gateway of options.hostGateways ?? []) {
      const via = ip(gateway, 'gateway');
      const dst = (familyOf(via) === 4 ? '0.0.0.0/0' : '::/0') as Cidr;
      this.host.routeTable.add({ dst, gateway: via }, 'create', this.host);
    }
  }

  /** A further namespace; its path can be opened from now on. */
  addNamespace(path: string): FakeNetns {
    this.#made += 1;
    const made = new FakeNetns(this, netnsPath(path), `4:${this.#made}`);
    this.#spaces.set(netnsPath(path), made);
    return made;
  }

  /** The namespace is gone: physical links go back to the host, others are deleted. */
  removeNamespace(path: string): void {
    const gone = this.#spaces.get(netnsPath(path));
    this.#spaces.delete(netnsPath(path));
    for (const d of [...(gone?.devices ?? [])])
      if (d.detail.kind === 'other' && !isLoopback(d)) gone?.move(d, this.host);
    for (const d of [...(gone?.devices ?? [])]) gone?.remove(d);
  }

  /** The next call of that method fails, with that errno. */
  failNext(act: Act, errno: string): void {
    this.#failures.push({ act, error: refused(act, errno, 'a test asked for it') });
  }

  async open(path: NetnsPath): Promise<FakeNetns> {
    if (path === '/proc/self/ns/net')
      return fail('NetnsSame', `Cannot use ${path} as CNI_NETNS: it is the namespace of the node`);
    return (
      (await this.find(path)) ??
      fail('NetnsMissing', `Cannot open the network namespace ${path}: no such file or directory`)
    );
  }

  overlapping<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async find(path: NetnsPath): Promise<FakeNetns | undefined> {
    const found = this.#spaces.get(path);
    if (found !== undefined) found.handles += 1;
    return found;
  }

  /** All devices, of all namespaces. */
  devices(): readonly Device[] {
    return [this.host, ...this.#spaces.values()].flatMap((space) => space.devices);
  }

  /** For FakeNetns: a call begins. */
  enter(act: Act, what: unknown): void {
    if (this.options.record === true) this.calls.push(`${act} ${String(what)}`);
    const at = this.#failures.findIndex((failure) => failure.act === act);
    if (at < 0) return;
    const [failure] = this.#failures.splice(at, 1);
    if (failure !== undefined) throw failure.error;
  }
}

/** A kernel whose host has these links; `lab.host` and `lab.pod` are its namespaces. */
export function fakeKernel(options: FakeKernelOptions = {}): FakeKernel {
  return new FakeKernel(options);
}

interface Held extends Address {
  readonly device: Device;
  readonly secondary: boolean;
}

/** One namespace of the fake kernel. Tests read its state with `names`, `link`, `addressesOf`, `routesTo`. */
export class FakeNetns implements Netns {
  devices: Device[] = [];
  /** How many handles are open; the test's own is the first. */
  handles = 1;
  readonly routeTable = new FakeRoutes();
  readonly sysctls: FakeSysctls;
  readonly #rules: FakeRules;
  #held: Held[] = [];
  #lastIndex = 0;

  constructor(
    readonly kernel: FakeKernel,
    readonly path: NetnsPath | undefined,
    readonly identity: string | undefined,
  ) {
    this.sysctls = new FakeSysctls(this.#hasIpv6());
    this.#rules = new FakeRules(this.#hasIpv6());
    const lo = this.#enlist(device(this, 0, 'lo' as IfName, { kind: 'other', name: 'loopback' }));
    lo.mtu = 65536;
  }

  // What tests ask.

  /** Names of the links, without `lo`, in order of making. */
  names(): readonly string[] {
    return this.devices.filter((d) => !isLoopback(d)).map((d) => d.name);
  }

  /** The link of that name as Netns would tell of it; throws when there is none. */
  link(name: string): Link {
    return toLink(this.device(name));
  }

  /** Addresses of that link as text, IPv6 link-local ones left out. */
  addressesOf(name: string): readonly Cidr[] {
    return this.#held.filter((a) => a.device.name === name && a.scope !== 253).map((a) => a.address);
  }

  /** Routes by destination, e.g. `0.0.0.0/0`, of the main table. */
  routesTo(dst: string): readonly Route[] {
    return this.routeTable.list().filter((route) => route.dst === cidr(dst, 'dst'));
  }

  /** The device itself, to set what only a test can: carrier, alternative names, group. */
  device(name: string): Device {
    return this.#device(name) ?? fail('Internal', `test: no link ${name} in ${this.path ?? 'the host'}`);
  }

  /** Adds a physical link. */
  plug(link: HostLink): Device {
    const d = this.#enlist(device(this, 0, ifName(link.name, 'link'), { kind: 'other', name: '' }));
    d.mtu = link.mtu ?? 1500;
    d.mac = link.mac ?? d.mac;
    d.altNames.push(...(link.altNames ?? []));
    d.device = link.device;
    for (const text of link.addresses ?? []) this.#hold(d, cidr(text, 'address'), false);
    if (link.up !== false) this.bringUp(d);
    return d;
  }

  /** Adds a bridge that filters VLANs, up. */
  build(name: string): void {
    const d = this.#enlist(device(this, 0, ifName(name, 'bridge'), { kind: 'bridge', vlanFiltering: true }));
    d.vlans = [{ id: 1, pvid: true, untagged: true }];
    this.bringUp(d);
  }

  // Netns.

  async findLink(name: string): Promise<Link | undefined> {
    this.#enter('findLink', name);
    const found = this.#device(name) ?? this.devices.find((d) => d.altNames.includes(name));
    return found === undefined ? undefined : toLink(found);
  }

  async findLinkByIndex(index: number): Promise<Link | undefined> {
    this.#enter('findLinkByIndex', index);
    const found = this.devices.find((d) => d.index === index);
    return found === undefined ? undefined : toLink(found);
  }

  async links(): Promise<readonly Link[]> {
    this.#enter('links', '');
    return this.devices.map(toLink);
  }

  async createLink(spec: LinkSpec, into?: Netns): Promise<Link> {
    this.#enter('createLink', spec.name);
    const target = into === undefined ? this : (into as FakeNetns);
    const action = `create ${spec.kind} ${spec.name}`;
    for (const [space, name] of spec.kind === 'veth'
      ? [[target, spec.name] as const, [this, spec.peerName] as const]
      : [[target, spec.name] as const])
      if (space.#device(name) !== undefined)
        fail('LinkExists', `Cannot ${action}: a link ${name} exists`, { errno: 'EEXIST' });
    if (spec.kind === 'veth' && target === this && spec.peerName === spec.name)
      fail('LinkExists', `Cannot ${action}: a link ${spec.peerName} exists`, { errno: 'EEXIST' });
    if (spec.mtu !== undefined && (spec.mtu < 68 || spec.mtu > 65535))
      throw refused(
        action,
        'EINVAL',
        spec.mtu < 68 ? 'mtu less than device minimum' : 'mtu greater than device maximum',
      );
    const d = device(target, 0, spec.name, detailOf(spec));
    d.mtu = spec.mtu ?? 1500;
    d.group = spec.group ?? 0;
    if ('parent' in spec) {
      const lower = this.devices.find((other) => other.index === spec.parent);
      if (lower === undefined) throw refused(action, 'ENODEV');
      const below = stack(spec, lower, this.kernel.devices());
      d.parent = below.lower;
      d.mtu = below.mtu;
      if (spec.kind === 'vlan' || spec.kind === 'ipvlan') d.mac = lower.mac;
    }
    if (spec.kind === 'veth') {
      const peer = this.#enlist(device(this, 0, spec.peerName, { kind: 'veth' }));
      Object.assign(peer, { mtu: d.mtu, txQueueLength: 0, parent: d });
      d.parent = peer;
    }
    if (spec.mac !== undefined && spec.kind !== 'ipvlan') {
      d.mac = spec.mac;
      d.macChosen = true;
    }
    if (spec.kind === 'bridge') d.vlans = [{ id: 1, pvid: true, untagged: true }];
    target.#enlist(d);
    if (spec.kind === 'ipvlan')
      for (const other of this.kernel.devices())
        if (other.parent === d.parent && other.detail.kind === 'ipvlan') other.detail = d.detail;
    return toLink(d);
  }

  async changeLink(index: number, change: LinkChange): Promise<void> {
    this.#enter('changeLink', index);
    const d = this.#at(index, 'change link');
    const action = `change link ${d.name}`;
    if (change.name !== undefined && change.name !== d.name) {
      if (this.#device(change.name) !== undefined)
        fail('LinkExists', `Cannot rename link ${d.name}: a link ${change.name} exists`, { errno: 'EEXIST' });
      this.sysctls.renameLink(d.name, change.name);
      d.name = change.name;
    }
    if (change.mac !== undefined) {
      if (d.detail.kind === 'ipvlan') throw refused(action, 'EOPNOTSUPP');
      d.mac = change.mac;
      d.macChosen = true;
    }
    if (change.mtu !== undefined) this.#setMtu(d, change.mtu, action);
    if (change.master !== undefined) this.#setMaster(d, change.master, action);
    if (change.promisc !== undefined) d.promisc = Math.max(0, d.promisc + (change.promisc ? 1 : -1));
    if (change.allMulti !== undefined) d.allMulti = change.allMulti;
    if (change.txQueueLength !== undefined) d.txQueueLength = change.txQueueLength;
    if (change.arp === false) d.arp = false;
    if (change.alias !== undefined) d.alias = change.alias === '' ? undefined : change.alias;
    for (const [key, value] of ipv4Sysctls(d.name, change.ipv4)) this.sysctls.set(key, value);
    if (change.up === true) {
      if (d.detail.kind === 'vlan' && d.parent?.up === false) throw refused(action, 'ENETDOWN');
      this.bringUp(d);
    }
    if (change.up === false) this.#bringDown(d);
  }

  async deleteLink(name: IfName): Promise<void> {
    this.#enter('deleteLink', name);
    const d = this.#device(name);
    if (d === undefined) return;
    if (d.detail.kind === 'other') throw refused(`delete link ${name}`, 'EOPNOTSUPP');
    this.remove(d);
  }

  async deleteLinks(names: readonly IfName[]): Promise<void> {
    this.#enter('deleteLinks', names.join(' '));
    for (const name of names) {
      const d = this.#device(name);
      if (d?.detail.kind === 'other') throw refused(`delete link ${name}`, 'EOPNOTSUPP');
      if (d !== undefined) this.remove(d);
    }
  }

  async moveLink(index: number, into: Netns, name?: IfName): Promise<void> {
    this.#enter('moveLink', index);
    const d = this.#at(index, 'move link');
    const target = into as FakeNetns;
    const action = `move link ${d.name}`;
    if (isImmovable(d)) throw refused(action, 'EINVAL', 'The interface netns is immutable');
    const own = name ?? d.name;
    if (target.#device(own) !== undefined)
      fail('LinkExists', `Cannot ${action}: a link ${own} exists`, { errno: 'EEXIST' });
    this.move(d, target, own);
  }

  async addresses(filter: { readonly index?: number; readonly family?: Family } = {}): Promise<readonly Address[]> {
    this.#enter('addresses', filter.index ?? '');
    return this.#held
      .filter(
        (a) =>
          (filter.index === undefined || a.device.index === filter.index) &&
          (filter.family === undefined || familyOf(a.address) === filter.family),
      )
      .map(({ address, device: d, tentative, dadFailed, scope }) => ({
        index: d.index,
        address,
        tentative,
        dadFailed,
        scope,
      }));
  }

  async addAddress(index: number, address: Cidr, options: { readonly noDad?: boolean } = {}): Promise<void> {
    this.#enter('addAddress', address);
    const d = this.#at(index, `add address ${address}`);
    const action = `add address ${address} to ${d.name}`;
    if (familyOf(address) === 6 && !this.#speaksIpv6(d))
      throw refused(action, this.#hasIpv6() ? 'EACCES' : 'EOPNOTSUPP', 'IPv6 is disabled on this device');
    const taken = this.#held.some(
      (a) =>
        a.device === d &&
        (familyOf(address) === 6 ? addressOf(a.address) === addressOf(address) : a.address === address),
    );
    if (taken) throw refused(action, 'EEXIST');
    this.#hold(d, address, options.noDad === true);
  }

  async deleteAddress(index: number, address: Cidr): Promise<void> {
    this.#enter('deleteAddress', address);
    const found = this.#held.find((a) => a.device.index === index && a.address === address);
    if (found !== undefined) this.#release(found);
  }

  async routes(filter: RouteFilter = {}): Promise<readonly Route[]> {
    this.#enter('routes', '');
    return this.routeTable.list(filter);
  }

  async addRoute(route: Route, mode: 'create' | 'append' | 'replace' = 'create'): Promise<void> {
    this.#enter('addRoute', route.dst);
    this.routeTable.add(route, mode, this);
  }

  async deleteRoute(route: Route): Promise<void> {
    this.#enter('deleteRoute', route.dst);
    this.routeTable.delete(route);
  }

  async rules(): Promise<readonly Rule[]> {
    this.#enter('rules', '');
    return this.#rules.list();
  }

  async addRule(rule: Rule): Promise<void> {
    this.#enter('addRule', rule.source ?? 'all');
    this.#rules.add(rule);
  }

  async deleteRule(rule: Rule): Promise<void> {
    this.#enter('deleteRule', rule.source ?? 'all');
    this.#rules.delete(rule);
  }

  async bridgeVlans(index: number): Promise<readonly BridgeVlan[]> {
    this.#enter('bridgeVlans', index);
    return [...(this.devices.find((d) => d.index === index)?.vlans ?? [])];
  }

  async addBridgeVlan(index: number, vlan: BridgeVlan): Promise<void> {
    this.#enter('addBridgeVlan', vlan.id);
    const port = this.#port(index, `add VLAN ${vlan.id}`);
    if (vlan.id < 1 || vlan.id > 4094) throw refused(`add VLAN ${vlan.id} to ${port.name}`, 'EINVAL');
    const others = port.vlans
      .filter((other) => other.id !== vlan.id)
      .map((other) => (vlan.pvid ? { ...other, pvid: false } : other));
    port.vlans = [...others, vlan].sort((a, b) => a.id - b.id);
  }

  async deleteBridgeVlan(index: number, id: number): Promise<void> {
    this.#enter('deleteBridgeVlan', id);
    const port = this.devices.find((d) => d.index === index);
    if (port !== undefined) port.vlans = port.vlans.filter((vlan) => vlan.id !== id);
  }

  async bridgePort(index: number): Promise<BridgePort | undefined> {
    const d = this.devices.find((each) => each.index === index);
    if (d?.master?.detail.kind !== 'bridge') return undefined;
    return { hairpin: d.hairpin, isolated: d.isolated };
  }

  async setBridgePort(index: number, port: Partial<BridgePort>): Promise<void> {
    this.#enter('setBridgePort', index);
    const d = this.#port(index, 'set bridge port');
    d.hairpin = port.hairpin ?? d.hairpin;
    d.isolated = port.isolated ?? d.isolated;
  }

  async setNeighbour(index: number, address: Ip, mac: Mac): Promise<void> {
    this.#enter('setNeighbour', address);
    const d = this.#at(index, `tell of neighbour ${address}`);
    d.neighbours.set(address, mac);
  }

  async neighbours(index: number): Promise<readonly (readonly [Ip, Mac])[]> {
    this.#enter('neighbours', index);
    return [...(this.devices.find((d) => d.index === index)?.neighbours ?? [])];
  }

  async probe(
    index: number,
    addresses: readonly Ip[],
    { everybody = false, size = 0 }: ProbeWay = {},
  ): Promise<readonly (readonly [Ip, Mac])[]> {
    this.#enter('probe', addresses.join(' '));
    const d = this.#at(index, 'probe');
    if (!d.up) throw refused(`ask who holds ${addresses.join(', ')}`, 'ENETDOWN');
    if (size > this.kernel.networkMtu || (d.detail.kind === 'vlan' && this.kernel.blockedVlans.has(d.detail.id)))
      return [];
    return addresses.flatMap((address) => {
      const holders = [this.kernel.holders.get(address) ?? []].flat();
      return holders.slice(0, everybody ? undefined : 1).map((holder) => [address, holder] as const);
    });
  }

  async echo(index: number, _: Ip, [address, mac]: readonly [Ip, Mac], size: number): Promise<boolean> {
    const there = (await this.probe(index, [address], { everybody: true, size })).some(([, holder]) => holder === mac);
    return there && size <= this.kernel.returnMtu;
  }

  async announce(index: number, addresses: readonly Ip[]): Promise<void> {
    this.#enter('announce', addresses.join(' '));
    const d = this.#at(index, 'announce');
    const foreign = addresses.find(
      (address) => !this.#held.some((a) => a.device === d && addressOf(a.address) === address),
    );
    if (!d.up || foreign !== undefined) throw refused(`announce ${addresses.join(', ')}`, 'ENETDOWN');
  }

  async sysctl(key: string): Promise<string | undefined> {
    this.#enter('sysctl', key);
    return this.sysctls.get(key);
  }

  async setSysctl(key: string, value: string): Promise<void> {
    this.#enter('setSysctl', `${key}=${value}`);
    if (!this.sysctls.set(key, value))
      fail('SysctlRefused', `Cannot set ${key} to ${value}: no such key`, { errno: 'ENOENT' });
    if (!key.endsWith('/disable_ipv6') || value !== '1') return;
    for (const a of this.#held.filter((other) => familyOf(other.address) === 6 && !this.#speaksIpv6(other.device)))
      this.#release(a);
  }

  async ensureSysctls(wanted: readonly Sysctl[]): Promise<readonly boolean[]> {
    const there: boolean[] = [];
    for (const [key, value] of wanted) {
      const now = await this.sysctl(key);
      if (now !== undefined && now !== value) await this.setSysctl(key, value);
      there.push(now !== undefined);
    }
    return there;
  }

  async changeAll(changes: readonly NetnsChange[]): Promise<readonly (CniError | undefined)[]> {
    const problems: (CniError | undefined)[] = [];
    for (const one of changes) problems.push(await refusal(this.#change(one)));
    return problems;
  }

  #change(one: NetnsChange): Promise<void> {
    if ('rule' in one) return this.addRule(one.rule);
    if ('gone' in one) return this.deleteRule(one.gone);
    return 'address' in one ? this.addAddress(one.link, one.address) : this.changeLink(one.link, one.change);
  }

  close(): void {
    this.handles -= 1;
  }

  // What FakeRoutes asks (Links), and the kernel's inner life.

  isUp(index: number): boolean | undefined {
    return this.devices.find((d) => d.index === index)?.up;
  }

  hasAddress(address: string): boolean {
    return this.#held.some((a) => addressOf(a.address) === address);
  }

  bringUp(d: Device): void {
    if (d.up) return;
    d.up = true;
    if (isLoopback(d)) {
      this.#hold(d, '127.0.0.1/8' as Cidr, true, 254);
      if (this.#speaksIpv6(d)) this.#hold(d, '::1/128' as Cidr, true, 254);
    } else if (
      this.#speaksIpv6(d) &&
      d.mac !== undefined &&
      d.detail.kind !== 'vrf' &&
      d.master?.detail.kind !== 'bridge'
    )
      this.#hold(d, linkLocal(d.mac), false, 253);
    for (const a of this.#held) if (a.device === d) this.#connect(a);
    for (const above of this.kernel.devices())
      if (above.parent === d && above.detail.kind === 'vlan') above.ns.bringUp(above);
  }

  /** Takes the device away, with all that stands on it. */
  remove(d: Device): void {
    if (!this.devices.includes(d)) return;
    this.#clear(d);
    this.devices = this.devices.filter((other) => other !== d);
    this.sysctls.deleteLink(d.name);
    for (const port of this.devices) if (port.master === d) Object.assign(port, { master: undefined, vlans: [] });
    for (const other of this.kernel.devices()) if (other.parent === d) other.ns.remove(other);
  }

  move(d: Device, target: FakeNetns, name = d.name): void {
    this.#clear(d);
    d.up = false;
    d.master = undefined;
    d.vlans = [];
    this.devices = this.devices.filter((other) => other !== d);
    this.sysctls.deleteLink(d.name);
    d.ns = target;
    d.name = name;
    target.#enlist(d);
  }

  #enter(act: Act, what: unknown): void {
    if (this.handles < 1 && this.path !== undefined) fail('Internal', `test: ${act} after close of ${this.path}`);
    this.kernel.enter(act, what);
  }

  #enlist(d: Device): Device {
    const free = d.index > 0 && !this.devices.some((other) => other.index === d.index);
    if (!free) {
      this.#lastIndex += 1;
      d.index = this.#lastIndex;
    }
    this.#lastIndex = Math.max(this.#lastIndex, d.index);
    this.devices.push(d);
    this.sysctls.addLink(d.name);
    return d;
  }

  #device(name: string): Device | undefined {
    return this.devices.find((d) => d.name === name);
  }

  #at(index: number, action: string): Device {
    const found = this.devices.find((d) => d.index === index);
    if (found === undefined) throw refused(`${action} of link ${index}`, 'ENODEV');
    return found;
  }

  #port(index: number, action: string): Device {
    const port = this.#at(index, action);
    if (port.master?.detail.kind !== 'bridge' && port.detail.kind !== 'bridge')
      throw refused(`${action} of ${port.name}`, 'EOPNOTSUPP');
    return port;
  }

  #setMtu(d: Device, mtu: number, action: string): void {
    if (mtu < 68) throw refused(action, 'EINVAL', 'mtu less than device minimum');
    if (mtu > 65535) throw refused(action, 'EINVAL', 'mtu greater than device maximum');
    const most = d.parent?.mtu ?? mtu;
    if (d.detail.kind === 'macvlan' && mtu > most) throw refused(action, 'EINVAL');
    if (d.detail.kind === 'vlan' && mtu > most) throw refused(action, 'ERANGE');
    d.mtu = mtu;
    for (const above of this.kernel.devices()) {
      const follows =
        above.parent === d && (above.detail.kind === 'ipvlan' || (above.detail.kind !== 'veth' && above.mtu > mtu));
      if (follows) above.mtu = mtu;
    }
  }

  #setMaster(d: Device, index: number, action: string): void {
    const former = d.master;
    d.master = undefined;
    d.vlans = [];
    if (index !== 0) {
      const master = this.devices.find((other) => other.index === index);
      if (master === undefined) throw refused(action, 'EINVAL');
      if (master.detail.kind !== 'bridge' && master.detail.kind !== 'vrf') throw refused(action, 'EOPNOTSUPP');
      if (master.detail.kind === 'bridge') {
        if (d.detail.kind === 'bridge') throw refused(action, 'ELOOP', 'Can not enslave a bridge to a bridge');
        const users = this.kernel
          .devices()
          .filter((other) => other.parent === d && (other.detail.kind === 'macvlan' || other.detail.kind === 'ipvlan'));
        if (isLoopback(d)) throw refused(action, 'EINVAL');
        if (users.length > 0) throw refused(action, 'EBUSY');
        d.vlans = [{ id: 1, pvid: true, untagged: true }];
        d.hairpin = false;
        d.isolated = false;
      }
      d.master = master;
      this.#nameBridge(master);
    }
    if (former !== undefined) this.#nameBridge(former);
    this.routeTable.drop((route) => route.index === d.index);
    for (const a of this.#held) if (a.device === d) this.#connect(a);
  }

  /** A bridge has the lowest MAC of its ports until somebody chooses one. */
  #nameBridge(bridge: Device): void {
    if (bridge.detail.kind !== 'bridge' || bridge.macChosen) return;
    const macs = this.devices
      .flatMap((port) => (port.master === bridge && port.mac !== undefined ? [port.mac] : []))
      .sort();
    bridge.mac = macs[0] ?? bridge.mac;
  }

  #bringDown(d: Device): void {
    if (!d.up) return;
    d.up = false;
    const keep = this.sysctls.get(`net/ipv6/conf/${d.name}/keep_addr_on_down`) === '1';
    this.routeTable.drop((route) => route.index === d.index);
    this.#held = this.#held.filter((a) => a.device !== d || familyOf(a.address) === 4 || (keep && a.scope === 0));
    for (const above of this.kernel.devices())
      if (above.parent === d && above.detail.kind === 'vlan') above.ns.#bringDown(above);
  }

  #clear(d: Device): void {
    this.#held = this.#held.filter((a) => a.device !== d);
    this.routeTable.drop((route) => route.index === d.index);
  }

  #hold(d: Device, address: Cidr, noDad: boolean, scope = 0): void {
    const same = (a: Held): boolean => a.device === d && networkOf(a.address) === networkOf(address);
    const secondary = familyOf(address) === 4 && this.#held.some(same);
    const checks = familyOf(address) === 6 && !noDad && this.sysctls.get(`net/ipv6/conf/${d.name}/accept_dad`) !== '0';
    const dad = this.kernel.options.dad ?? 'done';
    const held: Held = {
      index: d.index,
      address,
      device: d,
      secondary,
      tentative: checks && dad === 'stuck',
      dadFailed: checks && dad === 'failed',
      scope,
    };
    this.#held.push(held);
    if (d.up) this.#connect(held);
  }

  #release(gone: Held): void {
    const subnet = networkOf(gone.address);
    const promotes = this.sysctls.get(`net/ipv4/conf/${gone.device.name}/promote_secondaries`) === '1';
    const like = (a: Held): boolean =>
      a.device === gone.device && familyOf(a.address) === familyOf(gone.address) && networkOf(a.address) === subnet;
    const follows = (a: Held): boolean =>
      !gone.secondary && familyOf(a.address) === 4 && !promotes && a.secondary && like(a);
    this.#held = this.#held.filter((a) => a !== gone && !follows(a));
    if (gone.secondary) return;
    this.routeTable.drop((route) => route.protocol === 2 && route.index === gone.device.index && route.dst === subnet);
    for (const a of this.#held) if (like(a)) this.#connect(a);
  }

  #connect(a: Held): void {
    const d = a.device;
    if (!d.up || a.secondary || isLoopback(d)) return;
    const table = d.master?.detail.kind === 'vrf' ? d.master.detail.table : mainTable;
    const dst = networkOf(a.address);
    if (familyOf(a.address) === 6) this.routeTable.connect({ dst, index: d.index, metric: 256, scope: 0, table });
    else if (lengthOf(a.address) < 32)
      this.routeTable.connect({ dst, index: d.index, scope: 253, source: addressOf(a.address), table });
  }

  #hasIpv6(): boolean {
    return this.kernel.options.ipv6 !== false;
  }

  #speaksIpv6(d: Device): boolean {
    return this.sysctls.get(`net/ipv6/conf/${d.name}/disable_ipv6`) === '0';
  }
}

/** fe80::/64 with the interface identifier of the MAC (RFC 4291, appendix A). */
/** What it was refused with; `undefined` when it was done. */
async function refusal(work: Promise<void>): Promise<CniError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}

function linkLocal(of: Mac): Cidr {
  const b = macBytes(of);
  const words = [
    ((b[0] ?? 0) ^ 2) * 256 + (b[1] ?? 0),
    (b[2] ?? 0) * 256 + 0xff,
    0xfe00 + (b[3] ?? 0),
    (b[4] ?? 0) * 256 + (b[5] ?? 0),
  ];
  return toCidr(ip(`fe80::${words.map((word) => word.toString(16)).join(':')}`, 'address'), 64);
}

/** The keys behind the per-link IPv4 settings of a change. */
function ipv4Sysctls(name: string, settings: LinkChange['ipv4']): readonly (readonly [string, string])[] {
  const keys = {
    forwarding: 'forwarding',
    arpIgnore: 'arp_ignore',
    arpAnnounce: 'arp_announce',
    arpNotify: 'arp_notify',
  };
  return Object.entries(settings ?? {}).flatMap(([setting, value]) =>
    value === undefined
      ? []
      : [[`net/ipv4/conf/${name}/${keys[setting as keyof typeof keys]}`, String(value)] as const],
  );
}
