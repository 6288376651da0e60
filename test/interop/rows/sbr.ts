/** Rows of sbr. Data only. */
import type { Json } from '../../e2e/runtime';
import type { Row } from '../twins';
import { behind, fixed, inVersions, one, onlyBraidRefuses, rowsOf } from './words';

const routed = fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '10.9.0.0/16' }] });

/** The subnet's route stays in the main table, other tables have routes of their own family, and rules tell that a program made them. */
const sbr: Partial<Row> = {
  differs: {
    why: "sbr takes the subnet's route out of the main table",
    alike: (side) => {
      const rules = listOf(side.pod.rules).map(({ protocol, ...rule }) => rule);
      const routes = listOf(side.pod.routes).filter(({ dst, table }) =>
        table === 'main'
          ? !/^(10\.\d\.0\.0\/24|fd00:1::\/64)$/.test(String(dst))
          : !isForeign(String(dst), table, rules),
      );
      return { ...side, pod: { ...side.pod, routes, rules } };
    },
  },
};

/** Whether a table that rules of one family lead to has a route of the other. */
function isForeign(dst: string, table: unknown, rules: readonly Json[]): boolean {
  const leading = rules.find((rule) => rule.table === table && rule.src !== 'all');
  const isSix = dst === 'default' ? undefined : dst.includes(':');
  return leading !== undefined && isSix !== undefined && String(leading.src).includes(':') !== isSix;
}

const listOf = (value: unknown): readonly Json[] => value as readonly Json[];

export const sbrRows: readonly Row[] = [
  ...behind(
    routed,
    {
      'a gateway': { type: 'sbr' },
      'a table': { type: 'sbr', table: 500 },
      'a table above 255': { type: 'sbr', table: 5000 },
      'a table that everybody has': { type: 'sbr', table: 254 },
    },
    sbr,
  ),
  ...behind(one, { 'no gateway': { type: 'sbr' } }, sbr),
  ...behind(fixed(['10.1.0.5/24 via 10.1.0.1', '10.2.0.5/24 via 10.2.0.1']), { 'two subnets': { type: 'sbr' } }, sbr),
  ...behind(
    fixed(['10.1.0.5/24 via 10.1.0.1'], { routes: [{ dst: '0.0.0.0/0' }] }),
    { 'a default route': { type: 'sbr' } },
    sbr,
  ),
  ...behind(
    fixed(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64 via fd00:1::1']),
    { 'both families': { type: 'sbr' } },
    sbr,
  ),
  ...behind(
    fixed(['10.1.0.5/24 via 10.1.0.1'], {
      routes: [
        { dst: '10.9.0.0/16', priority: 50 },
        { dst: '10.8.0.0/16', table: 77 },
      ],
    }),
    { 'routes with metric and table': { type: 'sbr' } },
    sbr,
  ),
  ...behind(
    one,
    { 'table 0': { type: 'sbr', table: 0 } },
    onlyBraidRefuses('sbr takes `table` 0, which to the kernel is any that is empty'),
  ),
  ...inVersions(
    { name: 'sbr: a gateway', plugins: [{ type: 'bridge', bridge: 'br0', ...routed }, { type: 'sbr' }], ...sbr },
    ['0.3.0', '0.3.1', '0.4.0', '1.1.0'],
  ),
  ...rowsOf('sbr', {}, { 'no plugin before it': {} }, { fails: true }),
  ...behind({}, { 'no address': { type: 'sbr' } }, { fails: true }),
];
