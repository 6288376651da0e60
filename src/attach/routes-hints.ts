/** Source-based routing takes the connected routes out of the main table; unbound sockets and CHECK need them back. Pure. */
import { addressOf, familyOf, type Ip, networkOf } from '../net/ip';
import type { Route } from '../net/route';
import type { Routed, Step, Table } from './route-table';

/** The connected routes that are missing, each with its address as source hint. */
export function planHints({ routed, family, main }: Table): Step {
  return { remove: [], add: routed.flatMap((one) => hintsOf(one, main)).filter(({ dst }) => familyOf(dst) === family) };
}

function hintsOf({ attachment, result, index }: Routed, main: readonly Route[]): readonly Route[] {
  const sbr = attachment.plugins.find(({ type }) => type === 'sbr');
  if (sbr === undefined || index === 0 || sbr.addSourceHints === false || sbr.table !== undefined) return [];
  return result.ips
    .filter(({ interface: at }) => at === undefined || result.interfaces[at]?.name === attachment.ifName)
    .map(({ address }) => ({
      dst: networkOf(address),
      index,
      ...(familyOf(address) === 4 ? hint(addressOf(address)) : {}),
    }))
    .filter(({ dst }) => !main.some((route) => route.dst === dst && route.index === index));
}

/** IPv6 chooses the source by itself, and refuses one that is still tentative. */
const hint = (source: Ip) => ({ source, scope: 253 }); // RT_SCOPE_LINK
