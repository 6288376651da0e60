/** Rows of tuning. Data only. */
import type { Row } from '../twins';
import { behind, dual, inVersions, one, onlyBraidRefuses, onlyReferenceRefuses, rowsOf } from './words';

const mac = '02:00:00:00:00:07';

export const tuningRows: readonly Row[] = [
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
    'a folder of its own for what was there': { type: 'tuning', mac, mtu: 1400, dataDir: '/run/cni/tuning/own' },
    'args.cni': { type: 'tuning', mtu: 1300, sysctl: {}, args: { cni: { mtu: 1400, mac } } },
    'all of args.cni': {
      type: 'tuning',
      mtu: 1300,
      sysctl: {}, // without it the reference plugin panics: docs/compatibility.md
      args: {
        cni: {
          ...{ mac, mtu: 1400, promisc: true, allmulti: true, txQLen: 500 },
          sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' },
        },
      },
    },
    'args.cni without a MAC': { type: 'tuning', mac, sysctl: {}, args: { cni: { mac: '' } } },
    'args.cni without an MTU': { type: 'tuning', mtu: 1400, sysctl: {}, args: { cni: { mtu: 0 } } },
    'a sysctl written as a path': { type: 'tuning', sysctl: { '/net/core/somaxconn': '500' } },
    'a sysctl of two values': { type: 'tuning', sysctl: { 'net.ipv4.ip_local_port_range': '2000 50000' } },
    'args.cni without promisc': { type: 'tuning', promisc: true, args: { cni: { promisc: false } } },
    'the MAC that the runtime asks for': { type: 'tuning', mac: '02:00:00:00:00:09', runtimeConfig: { mac } },
  }),
  ...inVersions({
    name: 'tuning: an MTU',
    plugins: [
      { type: 'bridge', bridge: 'br0', ...one },
      { type: 'tuning', mtu: 1400 },
    ],
  }),
  ...behind(one, { 'a MAC in CNI_ARGS': { type: 'tuning' } }, { args: `IgnoreUnknown=1;MAC=${mac}` }),
  ...behind(dual, {
    'both families': { type: 'tuning', mtu: 1400, sysctl: { 'net.ipv6.conf.IFNAME.accept_dad': '0' } },
  }),
  ...behind(
    one,
    { 'a MAC in capitals': { type: 'tuning', mac: '02:00:00:00:00:0A' } },
    {
      differs: {
        why: 'tuning shows a MAC as it was written, which CHECK then misses',
        alike: (side) => ({ ...side, result: JSON.stringify(side.result).replace('02:00:00:00:00:0A', 'MAC') }),
      },
    },
  ),
  ...behind(
    one,
    { 'a sysctl of args.cni alone': { type: 'tuning', args: { cni: { sysctl: { 'net.core.somaxconn': '500' } } } } },
    onlyReferenceRefuses('tuning panics when `args.cni` has a `sysctl` and the configuration has none'),
  ),
  ...behind(
    one,
    { 'a folder elsewhere for what was there': { type: 'tuning', mac, dataDir: '/tmp/tuning' } },
    onlyBraidRefuses('tuning and host-local take any folder as `dataDir`'),
  ),
  ...rowsOf('tuning', {}, { 'no plugin before it': { mtu: 1400 } }, { fails: true }),
  ...behind(
    one,
    {
      'a sysctl outside of net': { type: 'tuning', sysctl: { 'kernel.hostname': 'x' } },
      'a sysctl that is not there': { type: 'tuning', sysctl: { 'net.ipv4.nope': '1' } },
      'half a MAC': { type: 'tuning', mac: '02:00' },
      'an MTU that no link has': { type: 'tuning', mtu: 9 },
    },
    { fails: true },
  ),
];
