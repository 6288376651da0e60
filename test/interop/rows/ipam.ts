/** Words for the rows of an IPAM. Pure. */
import type { Json } from '../../e2e/runtime';
import type { Row } from '../twins';

/** Rows of an IPAM behind a bridge network. */
export const ipamRows = (
  type: string,
  table: Readonly<Record<string, Json>>,
  more: Partial<Row> = {},
  keys: Json = {},
): readonly Row[] =>
  Object.entries(table).map(([name, ipam]) => ({
    name: `${type}: ${name}`,
    plugins: [{ type: 'bridge', bridge: 'br0', ...keys, ipam: { type, ...ipam } }],
    ...more,
  }));
export const wanted = (ips: readonly string[]): Json => ({ runtimeConfig: { ips } });
export const inArgs = (ips: readonly string[]): Json => ({ args: { cni: { ips } } });
