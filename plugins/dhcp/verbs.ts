/** The verbs of dhcp, loaded when a network has it. Daemon through the context. */
import type { AddContext, CheckContext, DelContext, StatusContext } from '../../src/attach/delegate';
import type { DhcpCall } from '../../src/attach/ports';
import { parseIpam } from '../../src/cni/ipam';
import type { Result } from '../../src/cni/result';
import { parseDhcp, parseSocket } from '../../src/dhcp/config';
import { CniError, fail } from '../../src/error';
import { isRecord, record } from '../../src/json';
import { familyOf } from '../../src/net/ip';
import type { DhcpPluginConfig } from './config';

/** The link is there already: the server is asked over it. */
export async function add(c: DhcpPluginConfig, context: AddContext): Promise<Result> {
  const { socket, told } = parseDhcp(parseIpam(record(c.input)), context.args);
  const call = callOf(c, socket, context);
  context.undo.push(() => giveBack(call, context)); // a call that was given up may have got a lease
  const result = await context.dhcp.allocate(call);
  for (const { family } of told)
    if (!result.ips.some(({ address }) => familyOf(address) === family))
      fail(
        'LeaseUnavailable',
        `The daemon at ${socket} gave no IPv${family} address: need \`braid agent\` there, not the reference's`,
      );
  return result;
}

export async function del(c: DhcpPluginConfig, context: DelContext): Promise<void> {
  await giveBack(callOf(c, socketOf(c.input), context), context);
}

/** Without a daemon there is nobody who renews: the lease ends by itself. */
async function giveBack(call: DhcpCall, { dhcp: daemon, log }: Pick<DelContext, 'dhcp' | 'log'>): Promise<void> {
  try {
    await daemon.release(call);
  } catch (error) {
    if (!(error instanceof CniError && error.reason === 'DhcpUnavailable')) throw error;
    log.warn({ problem: error.message }, 'a DHCP lease is not given back: its server frees it when it ends');
  }
}

/** The daemon still has the lease, and it is the recorded one. A daemon that lost it asks for a new one, so the link is looked at first. */
export async function check(c: DhcpPluginConfig, context: CheckContext): Promise<void> {
  const { pod, ifName, prevResult, dhcp: daemon, args } = context;
  if ((await pod.findLink(ifName)) === undefined) fail('CheckFailed', `Cannot find interface ${ifName} in the pod`);
  const { socket } = parseDhcp(parseIpam(record(c.input)), args);
  const { ips } = await daemon.allocate(callOf(c, socket, context));
  for (const { address } of ips)
    if (!prevResult.ips.some((each) => each.address === address))
      fail(
        'CheckFailed',
        `The DHCP server gives ${address} to ${ifName}: recorded are ${prevResult.ips.map((each) => each.address).join(', ') || 'none'}`,
      );
}

/** STATUS: a daemon listens. */
export async function status(c: DhcpPluginConfig, { dhcp: daemon }: StatusContext): Promise<void> {
  const socket = parseSocket(parseIpam(record(c.input)));
  if (!(await daemon.isThere(socket))) fail('NotReady', `No DHCP daemon listens at ${socket}: start the node agent`);
}

function socketOf(input: unknown): string {
  const { ipam } = isRecord(input) ? record(input) : { ipam: undefined };
  try {
    return parseSocket(isRecord(ipam) ? record(ipam) : {});
  } catch {
    return parseSocket({}); // what ADD refused, it never used
  }
}

function callOf(
  { input }: DhcpPluginConfig,
  socket: string,
  { containerId, ifName, args, pod }: Pick<DelContext, 'containerId' | 'ifName' | 'args' | 'pod'>,
): DhcpCall {
  return { socket, containerId, ifName, args, netns: pod?.path, config: JSON.stringify(input) };
}
