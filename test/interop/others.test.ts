/** tap, dummy, loopback, host-device, tuning, vrf and sbr: the reference plugins and Braid do the same. Runs both on nodes of its own. */
import type { Json } from '../e2e/runtime';
import { dual, fixed, inVersions, one, pool, rowsOf } from './rows';
import { twinFacts } from './twin-facts';
import type { Row } from './twins';

const mac = '02:00:00:00:00:07';

/** A plugin behind a bridge network with these addresses. */
const behind = (lease: Json, table: Readonly<Record<string, Json>>, more: Partial<Row> = {}): readonly Row[] =>
  Object.entries(table).map(([name, plugin]) => ({
    name: `${plugin.type}: ${name}`,
    plugins: [{ type: 'bridge', bridge: 'br0', ...lease }, plugin],
    ...more,
  }));
const routed = fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '10.9.0.0/16' }] });

/** The subnet's route stays in the main table, and rules tell that a program made them. */
const sbr: Partial<Row> = {
  differs: {
    why: 'sbr takes the subnet’s route out of the main table',
    alike: (side) => ({
      ...side,
      pod: {
        ...side.pod,
        routes: listOf(side.pod.routes).filter(
          ({ dst, table }) => table !== 'main' || !/^10\.\d\.0\.0\/24$/.test(String(dst)),
        ),
        rules: listOf(side.pod.rules).map(({ protocol, ...rule }) => rule),
      },
    }),
  },
};

const listOf = (value: unknown): readonly Json[] => value as readonly Json[];

twinFacts([
  ...rowsOf(
    'tap',
    {},
    {
      'layer 2': {},
      'an address': one,
      'both families': dual,
      'several queues': { multiQueue: true, ...one },
      'an owner': { owner: 64001, ...one },
      'a group': { group: 64002, ...one },
      'owner and group': { owner: 64001, group: 64002, ...one },
      'owner, group and several queues': { owner: 64001, group: 64002, multiQueue: true },
      'a MAC': { mac, ...one },
      'an MTU': { mtu: 1400, ...one },
      'a pool': pool(['10.1.0.0/24']),
    },
  ),
  ...rowsOf(
    'tap',
    { bridge: 'pod0' },
    { 'a bridge of the pod': {} },
    { pod: 'ip link add pod0 address 02:00:00:00:00:b0 type bridge; ip link set pod0 up' },
  ),
  ...inVersions({ name: 'tap: an address', plugins: [{ type: 'tap', ...one }] }),
  ...rowsOf(
    'tap',
    {},
    { 'a bridge that is not there': { bridge: 'nope' }, 'half a MAC': { mac: '02:00' } },
    { fails: true },
  ),
  ...rowsOf(
    'dummy',
    {},
    {
      'an address': one,
      'both families': dual,
      'a pool': pool(['10.1.0.0/24']),
      'dns of ipam': fixed(['10.1.0.5/24'], { dns: { nameservers: ['9.9.9.9'] } }),
    },
  ),
  ...inVersions({ name: 'dummy: both families', plugins: [{ type: 'dummy', ...dual }] }),
  ...rowsOf('dummy', {}, { 'no ipam': {} }, { fails: true }),
  ...rowsOf('loopback', {}, { lo: {} }, { ifName: 'lo' }),
  ...inVersions({ name: 'loopback: lo', plugins: [{ type: 'loopback' }], ifName: 'lo' }, ['1.1.0']),
  ...rowsOf(
    'host-device',
    {},
    {
      'by name': { device: 'dev0' },
      'by MAC': { hwaddr: '02:00:00:00:de:00' },
      'an address': { device: 'dev0', ...one },
      'both families': { device: 'dev0', ...dual },
      'a pool': { device: 'dev0', ...pool(['10.1.0.0/24']) },
      dns: { device: 'dev0', dns: { domain: 'lab' }, ...one },
    },
  ),
  ...inVersions({ name: 'host-device: an address', plugins: [{ type: 'host-device', device: 'dev0', ...one }] }),
  ...rowsOf(
    'host-device',
    {},
    {
      'no device': {},
      'a device that is not there': { device: 'nope' },
      'a path outside of /sys/devices': { kernelpath: '/etc' },
      'a PCI device that is not there': { pciBusID: '0000:ff:1f.7' },
    },
    { fails: true },
  ),
  ...behind(one, {
    'nothing to do': { type: 'tuning' },
    'a sysctl of the namespace': { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' } },
    'a sysctl of the interface': { type: 'tuning', sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
    'a MAC': { type: 'tuning', mac },
    'an MTU': { type: 'tuning', mtu: 1400 },
    promisc: { type: 'tuning', promisc: true },
    allmulti: { type: 'tuning', allmulti: true },
    'a queue length': { type: 'tuning', txQLen: 500 },
    'all of them': { type: 'tuning', mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 500 },
    'args.cni': { type: 'tuning', mtu: 1300, sysctl: {}, args: { cni: { mtu: 1400, mac } } },
    'the MAC that the runtime asks for': { type: 'tuning', mac: '02:00:00:00:00:09', runtimeConfig: { mac } },
  }),
  ...inVersions({
    name: 'tuning: an MTU',
    plugins: [
      { type: 'bridge', bridge: 'br0', ...one },
      { type: 'tuning', mtu: 1400 },
    ],
  }),
  ...rowsOf('tuning', {}, { 'no plugin before it': { mtu: 1400 } }, { fails: true }),
  ...behind(
    one,
    { 'a sysctl outside of net': { type: 'tuning', sysctl: { 'kernel.hostname': 'x' } } },
    { fails: true },
  ),
  ...behind(routed, {
    'a VRF': { type: 'vrf', vrfname: 'blue' },
    'a table': { type: 'vrf', vrfname: 'blue', table: 77 },
    'a table above 255': { type: 'vrf', vrfname: 'blue', table: 1234 },
  }),
  ...behind(dual, { 'both families': { type: 'vrf', vrfname: 'blue' } }),
  ...behind(
    one,
    { 'a VRF that is there': { type: 'vrf', vrfname: 'blue' } },
    { pod: 'ip link add blue type vrf table 9; ip link set blue up; ip link add x0 master blue type dummy' },
  ),
  ...inVersions(
    {
      name: 'vrf: a VRF',
      plugins: [
        { type: 'bridge', bridge: 'br0', ...routed },
        { type: 'vrf', vrfname: 'blue' },
      ],
    },
    ['0.3.1', '0.4.0', '1.1.0'],
  ),
  ...rowsOf('vrf', {}, { 'no plugin before it': { vrfname: 'blue' } }, { fails: true }),
  ...behind(one, { 'no name': { type: 'vrf' } }, { fails: true }),
  ...behind(
    routed,
    {
      'a gateway': { type: 'sbr' },
      'a table': { type: 'sbr', table: 500 },
      'a table above 255': { type: 'sbr', table: 5000 },
      'a table that everybody has': { type: 'sbr', table: 254 },
    },
    sbr,
  ),
  ...behind(one, { 'no gateway': { type: 'sbr' } }, sbr),
  ...behind(fixed(['10.1.0.5/24 via 10.1.0.1', '10.2.0.5/24 via 10.2.0.1']), { 'two subnets': { type: 'sbr' } }, sbr),
  ...behind(
    fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
    { 'a default route': { type: 'sbr' } },
    sbr,
  ),
  ...inVersions(
    { name: 'sbr: a gateway', plugins: [{ type: 'bridge', bridge: 'br0', ...routed }, { type: 'sbr' }], ...sbr },
    ['0.3.0', '0.3.1', '0.4.0', '1.1.0'],
  ),
  ...rowsOf('sbr', {}, { 'no plugin before it': {} }, { fails: true }),
  ...behind({}, { 'no address': { type: 'sbr' } }, { fails: true }),
]);
