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

/** A route with its place in the pod’s tables. */
export const placedRoute: Json = { dst: '10.9.0.0/16', gw: '10.1.0.9', priority: 50, table: 77, scope: 0 };

/** A route that says how much it carries. */
export const sizedRoute: Json = { dst: '10.9.0.0/16', gw: '10.1.0.9', mtu: 1300, advmss: 1200 };

/** The reference plugin does not tell the kernel. */
export const sized: Partial<Row> = {
  differs: {
    why: '`mtu` and `advmss` of a route are ignored',
    alike: (side) => {
      const routes = (side.pod.routes as readonly Json[]).map(({ metrics, ...route }) => route);
      return { ...side, pod: { ...side.pod, routes } };
    },
  },
};
