/** Configuration of sbr. Pure. */
import { fail } from '../../src/error';
import { boolean, optionalInt, record, shown, strings } from '../../src/json';
import { familyOf, findIp, type Ip } from '../../src/net/ip';

/** Keys of the reference plugin. */
export interface SbrConfig {
  readonly table: number | undefined; // undefined: one of its own for each address, with the link's routes
  readonly gateways: readonly Ip[]; // at most one of each family; they win over the result's
  /**
   * Keep the connected routes in the main table, too, so that sockets bound to no address reach the subnet.
   * On unless switched off; the reference plugin has it off.
   */
  readonly addSourceHints: boolean;
}

/** Bytes only: DEL parses the same config after the link is gone. */
export function parse(input: unknown): SbrConfig {
  const c = record(input);
  return {
    table: optionalInt(c.table, 'table', 1, 0xffffffff),
    gateways: parseGateways(strings(c.gateways, 'gateways')),
    addSourceHints: boolean(c.addSourceHints, 'addSourceHints', true),
  };
}

function parseGateways(texts: readonly string[]): readonly Ip[] {
  if (texts.length > 2)
    fail(
      'ConfigInvalid',
      `Cannot use ${shown(texts)} as gateways: gateways list cannot contain more than 2 entries (one IPv4, one IPv6)`,
    );
  const gateways = texts.map(
    (text) =>
      findIp(text) ?? fail('ConfigInvalid', `Cannot use ${shown(text)} as gateways: invalid static gateway IP address`),
  );
  const [first, second] = gateways;
  if (first !== undefined && second !== undefined && familyOf(first) === familyOf(second))
    fail(
      'ConfigInvalid',
      `Cannot use gateways: gateways list contains multiple IPv${familyOf(first)} addresses: ${first} and ${second}`,
    );
  return gateways;
}
