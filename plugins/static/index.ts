/** static: hands out the addresses that the configuration names, and remembers nothing. Touches nothing. */
import { type AddContext, type CheckContext, ipamDelegate } from '../../src/attach/delegate';
import type { CniArgs } from '../../src/cni/args';
import { parseDns } from '../../src/cni/dns';
import { argList, optionalIp, parseIpam, parseIpamRoutes, parseRequestedIps, requireRoom } from '../../src/cni/ipam';
import { emptyResult, type IpConfig, type Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import { type Fields, list, record, shown } from '../../src/json';
import { type Cidr, contains, findCidr, findIp, type Ip, ip, widthOf } from '../../src/net/ip';

/** Parsed by ADD and CHECK alone: there is nothing to give back, so DEL succeeds whatever it says. */
export interface StaticConfig {
  readonly input: unknown;
}

export const staticIpam = ipamDelegate('static', parse, { add, del, check });

/** Refuses nothing, for DEL. */
export function parse(input: unknown): StaticConfig {
  return { input };
}

/** The result that the configuration and the requests describe; without addresses it has none. */
export function plan({ input }: StaticConfig, args: CniArgs): Result {
  const c = record(input);
  const ipam = parseIpam(c);
  const ips = addresses(c, ipam, args);
  requireRoom(
    c.cniVersion,
    ips.map(({ address }) => address),
  );
  return { ...emptyResult, ips, routes: parseIpamRoutes(ipam), dns: parseDns(ipam.dns, 'ipam.dns') };
}

/** `runtimeConfig.ips` wins over `args.cni.ips`, that over the configured ones, to which CNI_ARGS adds its own. */
function addresses(c: Fields, ipam: Fields, args: CniArgs): readonly IpConfig[] {
  const written = list(ipam.addresses, 'ipam.addresses').map(configured); // a mistake is told even when others are asked for
  const asked = parseRequestedIps(c, args);
  const env = withGateways(
    asked.env.map((text) => withPrefix(text, 'IP in CNI_ARGS')),
    args,
  );
  if (asked.runtime.length > 0)
    return asked.runtime.map((text) => ({ address: withPrefix(text, 'runtimeConfig.ips') }));
  if (asked.args.length > 0) return asked.args.map((text) => ({ address: withPrefix(text, 'args.cni.ips') }));
  return [...written, ...env];
}

function configured(input: unknown, index: number): IpConfig {
  const field = `ipam.addresses[${index}]`;
  const c = record(input, field);
  const address = withPrefix(c.address, `${field}.address`);
  return withGateway(address, optionalIp(c.gateway, `${field}.gateway`));
}

/** GATEWAY of CNI_ARGS: each goes to the addresses of CNI_ARGS whose subnet holds it, as in the reference plugin. */
function withGateways(env: readonly Cidr[], args: CniArgs): readonly IpConfig[] {
  const gateways = argList(args, 'GATEWAY').map((text) => ip(text, 'GATEWAY in CNI_ARGS'));
  return env.map((address) =>
    withGateway(
      address,
      gateways.findLast((gateway) => contains(address, gateway)),
    ),
  );
}

function withGateway(address: Cidr, gateway: Ip | undefined): IpConfig {
  return gateway === undefined ? { address } : { address, gateway };
}

/** People forget the prefix length most of all: the message shows theirs with one. */
function withPrefix(value: unknown, field: string): Cidr {
  const found = findCidr(value);
  if (found !== undefined) return found;
  const bare = findIp(value);
  const example = bare === undefined ? '192.168.0.21/24' : `${bare}/${widthOf(bare) === 32 ? 24 : 64}`;
  return fail('ConfigInvalid', `Cannot use ${shown(value)} as ${field}: NOT in CIDR notation, write ${example}`);
}

async function add(c: StaticConfig, { args }: AddContext): Promise<Result> {
  return plan(c, args);
}

async function del(): Promise<void> {
  // nothing is held
}

/** Every address that would be given now is the recorded one, gateway and all. */
async function check(c: StaticConfig, { args, ifName, prevResult }: CheckContext): Promise<void> {
  for (const { address, gateway } of plan(c, args).ips) {
    const recorded = prevResult.ips.find((each) => each.address === address);
    if (recorded === undefined)
      fail(
        'CheckFailed',
        `Cannot find address ${address} of ${ifName}: the recorded ones are ${prevResult.ips.map((each) => each.address).join(', ') || 'none'}`,
      );
    if (gateway !== undefined && recorded.gateway !== gateway)
      fail(
        'CheckFailed',
        `Address ${address} of ${ifName} has gateway ${recorded.gateway ?? 'none'}: expected ${gateway}`,
      );
  }
}
