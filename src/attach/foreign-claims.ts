/** Whether a foreign delegate's result is so: Knitter's has an address of its own invention (peers.md 2.4). Reads the pod's namespace. */
import type { Result } from '../cni/result';
import { addressOf } from '../net/ip';
import type { Edges, Netns } from './ports';
import { warn } from './warn';

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
  const invented = ips.filter(({ address }) => !held.has(addressOf(address)));
  const warnings = invented.map(({ address, interface: at }) => {
    const where = at === undefined ? '' : ` on ${interfaces[at]?.name}`;
    return `the delegate of network ${network} reports ${address}${where}, which the pod does not have`;
  });
  warn(warnings, 'ResultInvalid', strict, edges);
}
