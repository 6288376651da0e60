/** Executables of others in the model: none is run, each is taken to do what its configuration asks for. Touches the model only. */
import type { Foreign, ForeignCall, Kernel } from '../attach/ports';
import { findArg } from '../cni/args';
import { isRecord, type Json, parseObject, record } from '../json';
import { addressOf, type Cidr, cidr, findCidr, hostCidr, ip, ipPlus, lengthOf, networkOf, toCidr } from '../net/ip';
import { ifName } from '../net/names';

/** An executable that would run, and the addresses that only it will know. */
export interface Unpredicted {
  readonly type: string;
  readonly ifName: string;
  readonly isIpam: boolean;
  /** A stand-in of RFC 5737's range for documentation; undefined: its addresses are predicted, or it gives none. */
  readonly standIn: Cidr | undefined;
}

/** Notes each executable once in `seen`. A first plugin makes an interface, a chained one hands its prevResult on, IPAM gives an address. */
export function modelForeign(kernel: Kernel, seen: Unpredicted[]): Foreign {
  return {
    async run(call) {
      if (call.command !== 'ADD') return '';
      const config = parseObject(call.config, 'the configuration');
      const view = record(config);
      if (view.type !== call.type) return JSON.stringify(toLease(call, config, seen));
      seen.push({ type: call.type, ifName: call.ifName, isIpam: false, standIn: undefined });
      if (isRecord(view.prevResult)) return JSON.stringify(view.prevResult);
      const interfaces = [{ name: call.ifName, sandbox: call.netns }];
      const lease = withInterface(isRecord(view.ipam) && record(view.ipam).type ? toLease(call, config, seen) : {});
      const addresses = lease.ips.map(({ address }) => cidr(String(address), 'address'));
      const isStandIn = (address: Cidr): boolean => seen.some(({ standIn }) => standIn === address);
      await makeLink(
        call,
        addresses.map((each) => (isStandIn(each) ? hostCidr(addressOf(each)) : each)), // its subnet is nobody's
        kernel,
      );
      return JSON.stringify({ cniVersion: view.cniVersion, ...lease, interfaces });
    },
  };
}

async function makeLink(
  { netns, ifName: name }: ForeignCall,
  addresses: readonly Cidr[],
  kernel: Kernel,
): Promise<void> {
  const pod = netns === '' ? undefined : await kernel.find(netns);
  if (pod === undefined || name === '') return;
  const link = await pod.createLink({ kind: 'dummy', name: ifName(name, 'interface') });
  await pod.changeLink(link.index, { up: true });
  for (const address of addresses) await pod.addAddress(link.index, address);
}

function withInterface(lease: Json): Json & { readonly ips: readonly Json[] } {
  const ips = Array.isArray(lease.ips) ? lease.ips.filter(isRecord).map((each) => ({ ...each, interface: 0 })) : [];
  return { ...lease, ips };
}

function toLease({ type, args, ifName: name }: ForeignCall, config: Json, seen: Unpredicted[]): Json {
  const { cniVersion, ipam } = record(config);
  const section = record(isRecord(ipam) ? ipam : {});
  const asked = findArg(args, 'IP')?.split(',') ?? [];
  const known = asked.length > 0 ? asked.map(withLength) : firstOf(section.range);
  const standIn = known.length > 0 ? undefined : toCidr(ip(`192.0.2.${1 + (seen.length % 254)}`, 'stand-in'), 24);
  seen.push({ type: String(section.type ?? type), ifName: name, isIpam: true, standIn });
  const ips = (standIn === undefined ? known : [standIn]).map((address) => ({
    ...(/^0\.[34]\./.test(String(cniVersion)) ? { version: address.includes(':') ? '6' : '4' } : {}),
    address,
    ...(typeof section.gateway === 'string' ? { gateway: section.gateway } : {}),
  }));
  return { cniVersion, ips, ...(Array.isArray(section.routes) ? { routes: section.routes } : {}) };
}

function withLength(text: string): string {
  return text.includes('/') ? text : hostCidr(ip(text, 'IP'));
}

/** The first address of whereabouts' `range`: a subnet, or `first-last/length`. */
function firstOf(range: unknown): readonly string[] {
  if (typeof range !== 'string') return [];
  const [, first, last] = /^([^-]+)-(.+)$/.exec(range) ?? [];
  const length = /\/\d+$/.exec(last ?? '')?.[0];
  if (first !== undefined && length !== undefined) return [`${first.trim()}${length}`];
  const subnet = findCidr(range);
  const start = subnet === undefined ? undefined : ipPlus(addressOf(networkOf(subnet)), 1);
  return subnet === undefined || start === undefined ? [] : [toCidr(start, lengthOf(subnet))];
}
