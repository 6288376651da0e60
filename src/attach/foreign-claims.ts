/** Whether a foreign delegate's result is so: Knitter's has an address of its own invention (peers.md 2.4). Reads the pod's namespace. */
import type { Result } from '../cni/result';
import { fail } from '../error';
import { addressOf } from '../net/ip';
import type { Edges, Netns } from './ports';

/** An address that the pod does not have is in the log, and the result is handed on as it is; ResultInvalid when `strict`. */
export async function doubtForeign(
  pod: Netns,
  network: string,
  { ips, interfaces }: Result,
  strict: boolean,
  edges: Pick<Edges, 'log'>,
): Promise<void> {
  if (ips.length === 0) return;
  const held = new Set((await pod.addresses()).map(({ address }): string => addressOf(address)));
  for (const { address, interface: at } of ips) {
    if (held.has(addressOf(address))) continue;
    const where = at === undefined ? '' : ` on ${interfaces[at]?.name}`;
    const warning = `the delegate of network ${network} reports ${address}${where}, which the pod does not have`;
    if (strict) fail('ResultInvalid', `Cannot go on with a warning, since "strict" is set: ${warning}`);
    edges.log.warn({ warning }, 'odd, but usable');
  }
}
