/** A node of fakes under the program's own entry, and the judge of what it answers and leaves. Touches nothing. */
import { findDelegate } from '../../plugins';
import type { Edges, ForeignCall, LeaseStore } from '../../src/attach/ports';
import { serve } from '../../src/bin/serve';
import { prefersExternal } from '../../src/cni/config';
import { parseRequest } from '../../src/cni/request';
import { newestVersion } from '../../src/cni/version';
import { reasons, toCniError, toErrorObject } from '../../src/error';
import { fakeFiles } from '../../src/model/files';
import type { FakeNetns } from '../../src/model/kernel';
import type { Device } from '../../src/model/kernel-device';
import { fakeLeases } from '../../src/model/leases';
import { world } from '../attach/world';
import { fakeForeign } from '../fakes/foreign';
import { fakeNetworks } from '../fakes/networks';
import { opens } from './opened';
import { braidConf, cluster, networks, results } from './seeds';

/** Environment variables of a call. */
export type Env = Readonly<Record<string, string>>;

/** What one call gave. */
export interface Outcome {
  readonly status: 0 | 1;
  readonly stdout: string;
  /** Of a failure, as the program threw it. */
  readonly reason: string | undefined;
}

/** What a case changes on the node. */
export interface NodeOptions {
  /** Texts of definitions of namespace `default`, over those of the seeds. */
  readonly definitions?: Readonly<Record<string, string>>;
  /** What a foreign delegate prints at a command. */
  readonly print?: (type: string, command: ForeignCall['command']) => string;
  /** Edges in place of the fakes. */
  readonly edges?: Partial<Edges>;
}

const mostSteps = 20_000; // acts on the kernel and the disk in one call; a case with hundreds of routes takes a thousand

/** The environment of a well-behaved runtime. */
export const env = (command: string, more: Env = {}): Env => ({
  CNI_COMMAND: command,
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/var/run/netns/pod',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=thor;K8S_POD_UID=0f7e',
  ...more,
});

/** The configuration of a well-behaved runtime, with the pod's annotations. */
export const confWith = (annotations: Readonly<Record<string, string>>, more: object = {}): string =>
  JSON.stringify({
    cniVersion: '1.1.0',
    name: 'braid',
    type: 'braid',
    delegates: [cluster],
    ...more,
    runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotations },
  });

/** A node with its links, and nothing attached. */
export function fuzzNode({ definitions = {}, print = () => '', edges: own = {} }: NodeOptions = {}) {
  const { kernel, edges: usual } = world({
    kernel: { hostLinks: [{ name: 'eth0', addresses: ['10.0.0.5/24'] }, 'eth1', 'eth2'], hostGateways: ['10.0.0.1'] },
  });
  const leases = watched();
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps > mostSteps) throw new Error(`the fuzz stopped a call after ${mostSteps} steps`);
  };
  for (const space of [kernel.host, kernel.pod]) countSteps(space, step);
  const answer = (type: string) => (call: { readonly command: ForeignCall['command'] }) => {
    step();
    return print(type, call.command);
  };
  const texts = Object.fromEntries(
    Object.entries(networks).map(([name, value]) => [`default/${name}`, JSON.stringify(value)]),
  );
  for (const [name, text] of Object.entries(definitions)) texts[`default/${name}`] = text;
  const programs: Parameters<typeof fakeForeign>[0] = Object.assign(Object.create(null), {
    fancy: answer('fancy'),
    tune: answer('tune'),
    tuning: answer('tuning'),
    whereabouts: answer('whereabouts'),
  });
  const edges: Edges = {
    ...usual,
    leases: leases.store,
    networks: fakeNetworks({
      definitions: Object.assign(Object.create(null), texts),
      confDir: Object.assign(Object.create(null), {
        confd: { cniVersion: '1.0.0', name: 'confd', type: 'macvlan', master: 'eth1' },
      }),
      paths: Object.assign(Object.create(null), {
        '/etc/cni/net.d/a.conf': { cniVersion: '1.0.0', name: 'file', type: 'macvlan', master: 'eth1' },
      }),
    }),
    foreign: fakeForeign(programs),
    files: fakeFiles({ '/etc/resolv.conf': 'nameserver 10.0.0.53\n' }),
    ...own,
  };
  const before = stateOf(kernel.host, kernel.pod);
  const atHost = kernel.host.names();

  async function call(environment: Env, stdin: string): Promise<Outcome> {
    steps = 0;
    opens((conf) => ({
      ...edges,
      findDelegate: (type) => (prefersExternal(conf, type) ? undefined : findDelegate(type)),
    }));
    let spoken: string = newestVersion;
    try {
      const request = parseRequest(environment);
      const stdout = await serve(request, stdin, (version) => {
        spoken = version;
      });
      return { status: 0, stdout, reason: undefined };
    } catch (error) {
      const known = toCniError(error);
      const stdout = JSON.stringify(toErrorObject(known, spoken), undefined, 4);
      return {
        status: 1,
        stdout,
        reason: known.reason === 'Internal' ? `Internal: ${(error as Error).stack}` : known.reason,
      };
    }
  }

  /** What is there that should not be; empty when the node is as before. Bridges stay, as with the reference plugins. */
  async function leftovers(): Promise<readonly string[]> {
    const made = kernel.host.devices.filter(({ name }) => name !== 'lo' && !atHost.includes(name));
    const links = made.filter((device) => !staysWithBridge(device) && device.detail.kind !== 'bridge');
    const now = stateOf(kernel.host, kernel.pod);
    return [
      ...links.map(({ name }) => `link ${name} of the node`),
      ...now.filter((line) => !before.includes(line)).map((line) => `${line} was not there`),
      ...before.filter((line) => !now.includes(line)).map((line) => `${line} is gone`),
      ...leases.held().map((line) => `reservation ${line}`),
      ...(await edges.records.all()).map(({ containerId, ifName }) => `record ${containerId} ${ifName}`),
      ...(usual.records.lockedNow() > 0 ? ['a lock of a container'] : []),
      ...(kernel.pod.handles === 1 ? [] : [`${kernel.pod.handles - 1} open handles of the pod`]),
    ];
  }

  return { call, leftovers, kernel, edges };
}

/** What is wrong with an answer; empty when it is a result, nothing, or an error object of the catalogue. */
export function faultsOf({ status, stdout, reason }: Outcome, command: string): readonly string[] {
  const faults: string[] = [];
  const object = command === 'ADD' || status === 1 ? objectIn(stdout) : {};
  if (object === undefined) return [`stdout is not one JSON object: ${stdout.slice(0, 200)}`];
  if (status === 0) return command === 'ADD' || stdout === '' ? [] : [`${command} printed ${stdout.slice(0, 200)}`];
  if (reason?.startsWith('Internal') === true) faults.push(reason);
  const { code, msg, details, cniVersion } = object;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 1) faults.push(`code ${String(code)}`);
  if (typeof msg !== 'string' || msg === '' || msg.length > 300) faults.push(`msg ${String(msg)}`);
  if (typeof cniVersion !== 'string') faults.push(`cniVersion ${String(cniVersion)}`);
  const hint = catalogue.find((one) => one.reason === reason)?.hint;
  if (hint === undefined || typeof details !== 'string' || !details.includes(`${reason}: ${hint}`))
    faults.push(`details ${String(details)} without ${reason}`);
  return faults;
}

const catalogue = reasons();

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Everything a failed ADD or a DEL must restore, one line each. */
function stateOf(host: FakeNetns, pod: FakeNetns): readonly string[] {
  const nodeLinks = host.devices.filter(({ detail }) => detail.kind === 'other');
  return [
    ...nodeLinks.map(
      (d) =>
        `node ${d.name} ${d.mtu} ${d.mac} up=${d.up} promisc=${d.promisc} master=${d.master?.name} ${host.addressesOf(d.name).join(' ')}`,
    ),
    ...pod.devices
      .filter(({ name }) => name !== 'lo')
      .map((d) => `pod ${d.name} up=${d.up} ${pod.addressesOf(d.name).join(' ')}`),
    ...pod.routeTable.list({ table: 'all' }).map((route) => `pod route ${JSON.stringify(route)}`),
  ];
}

/** The gateway's own link of a VLAN of a bridge, `br1.20`, and its other end. */
function staysWithBridge({ ns, name, detail, parent }: Device): boolean {
  const bridges = ns.devices.filter((device) => device.detail.kind === 'bridge');
  return (
    detail.kind === 'veth' &&
    [name, parent?.name].some((one) => bridges.some((bridge) => one?.startsWith(`${bridge.name}.`)))
  );
}

/** Counts every act in a namespace. */
function countSteps(space: FakeNetns, step: () => void): void {
  const { kernel } = space;
  const enter = kernel.enter.bind(kernel);
  kernel.enter = (act, what) => {
    step();
    enter(act, what);
  };
}

/** Stores of addresses, each remembered. */
function watched(): { readonly store: LeaseStore; readonly held: () => readonly string[] } {
  const store = fakeLeases();
  const seen = new Map<string, readonly [network: string, dataDir: string | undefined]>();
  return {
    store: {
      ...store,
      locked(dataDir, network, work) {
        seen.set(`${network} ${dataDir}`, [network, dataDir]);
        return store.locked(dataDir, network, work);
      },
    },
    held: () => [...seen.values()].flatMap(([network, dataDir]) => Object.keys(store.held(network, dataDir))),
  };
}

/** The seeds' configuration with another annotation. */
export const fullConf = (more: object = {}): object => ({ ...braidConf, ...more });

/** A foreign delegate's answers: the seeds' first result at ADD. */
export const usualPrint = (_: string, command: ForeignCall['command']): string =>
  command === 'ADD' ? JSON.stringify(results[0]) : '';
