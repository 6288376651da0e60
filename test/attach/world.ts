/** A node made of fakes: the engines run on it as on a real one. Touches nothing. */
import { findDelegate } from '../../plugins';
import { handleAdd, handleCheck, handleDel, handleGc, handleStatus } from '../../src/attach/handle';
import type { Edges } from '../../src/attach/ports';
import { parseConfig } from '../../src/cni/config';
import { parseRequest, type Request } from '../../src/cni/request';
import type { Json } from '../../src/json';
import { fakeDhcp } from '../../src/model/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeIptables } from '../../src/model/iptables';
import { type FakeKernelOptions, fakeKernel } from '../../src/model/kernel';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import { fakeMeter } from '../../src/model/meter';
import { fakeNft } from '../../src/model/nft';
import { fakeRecords } from '../../src/model/records';
import { type ContainerId, containerId, ifName } from '../../src/net/names';
import { fakeDeviceFiles, fakeDevices } from '../fakes/devices';
import { fakeForeign } from '../fakes/foreign';
import { type FakeNetworks, fakeNetworks } from '../fakes/networks';
import { fakeAgent, fakePublisher } from '../fakes/publisher';

/** What a test sets up. */
export interface WorldOptions {
  readonly kernel?: FakeKernelOptions;
  readonly networks?: FakeNetworks['definitions'];
  readonly foreign?: Parameters<typeof fakeForeign>[0];
  readonly resourceNames?: FakeNetworks['resourceNames'];
  readonly devices?: Parameters<typeof fakeDevices>[0];
  readonly deviceFiles?: Readonly<Record<string, string>>;
  /** Keys over the configuration of type braid. */
  readonly conf?: Json;
  /** Further annotations of every pod. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Run every delegate as an executable. */
  readonly allForeign?: boolean;
}

/** The cluster network of the acceptance tests (peers.md 4.0, F0). */
export const cluster = {
  cniVersion: '0.4.0',
  name: 'cluster',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-t0',
      isDefaultGateway: true,
      ipam: { type: 'host-local', subnet: '10.244.1.0/24', routes: [{ dst: '10.244.0.0/16', gw: '10.244.1.1' }] },
    },
  ],
};

/** A node with its engines: add, del and check as a runtime calls them. */
export function world(options: WorldOptions = {}) {
  const kernel = fakeKernel({ hostLinks: ['eth0', 'eth1'], ...options.kernel });
  const edges = {
    findDelegate: (type: string) => (options.allForeign === true ? undefined : findDelegate(type)),
    kernel,
    records: fakeRecords(),
    leases: fakeLeases(),
    dhcp: fakeDhcp(),
    hostLinks: fakeHostLinks(),
    networks: fakeNetworks({ definitions: options.networks ?? {}, resourceNames: options.resourceNames ?? {} }),
    cluster: { findPod: async () => undefined },
    publisher: fakePublisher(),
    agent: fakeAgent(),
    devices: fakeDevices(options.devices),
    deviceFiles: fakeDeviceFiles(options.deviceFiles),
    foreign: fakeForeign(options.foreign),
    nft: fakeNft(),
    iptables: fakeIptables(),
    files: fakeFiles(),
    log: fakeLog(),
    meter: fakeMeter(),
    bootId: 'boot-1',
    now: () => '2026-11-21T00:00:00.000Z',
  } satisfies Edges;

  const conf = (annotation: string | undefined, keys: Json = {}) =>
    parseConfig(
      JSON.stringify({
        cniVersion: '1.0.0',
        name: 'braid',
        type: 'braid',
        delegates: [cluster],
        runtimeConfig: {
          'io.kubernetes.cri.pod-annotations': {
            ...options.annotations,
            ...(annotation === undefined ? {} : { 'k8s.v1.cni.cncf.io/networks': annotation }),
          },
        },
        ...options.conf,
        ...keys,
      }),
    );

  const request = <C extends 'ADD' | 'DEL' | 'CHECK'>(command: C, id: string, netns: string) =>
    parseRequest({
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=thor',
    }) as Extract<Request, { command: C }>;

  const podPath = kernel.pod.path ?? '';
  return {
    kernel,
    edges,
    pod: kernel.pod,
    host: kernel.host,
    async add(annotation?: string, id = 'c1', netns = podPath): Promise<Json> {
      return JSON.parse(await handleAdd(request('ADD', id, netns), conf(annotation), edges)) as Json;
    },
    del: (id = 'c1', netns = podPath) => handleDel(request('DEL', id, netns), edges),
    /** Keys over the configuration, as the runtime hands them to GC and STATUS. */
    gc: (keys: Json) => handleGc(conf(undefined, keys), edges),
    status: (keys: Json = {}) => handleStatus(conf(undefined, keys), edges),
    check: (id = 'c1') => handleCheck(request('CHECK', id, podPath), edges),
    /** Addresses that somebody holds, in the stores of these tests' networks. */
    reserved: () =>
      ['cluster', ...Object.keys(options.networks ?? {}).map((name) => name.replace('default/', ''))].flatMap((name) =>
        Object.keys(edges.leases.held(name)),
      ),
    record: (id = 'c1') => edges.records.find(containerId(id) as ContainerId, ifName('eth0', 'test')),
  };
}
