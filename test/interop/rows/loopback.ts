/** Rows of loopback. Data only. */
import { parseResult, toVersion } from '../../../src/cni/convert';
import { supportedVersions } from '../../../src/cni/version';
import { record } from '../../../src/json';
import type { Row } from '../twins';
import { rowsOf } from './words';

const lo: Partial<Row> = { ifName: 'lo', pod: 'ip link set lo down' };

/** What the reference prints is what it would print in 1.0.0, but for the version's name. */
const inShapeOf1 = (cniVersion: string): Partial<Row> => ({
  cniVersion,
  differs: {
    why: 'loopback answers in the shape of 1.x, whatever the version',
    alike: (side, maker) =>
      maker === 'braid'
        ? side
        : {
            ...side,
            result: toVersion(
              parseResult({ ...record(side.result), cniVersion: '1.0.0' }, '1.0.0', 'result'),
              cniVersion,
            ),
          },
  },
});

export const loopbackRows: readonly Row[] = [
  ...rowsOf('loopback', {}, { lo: {} }, lo),
  ...rowsOf('loopback', {}, { 'lo that is up': {} }, { ifName: 'lo', after: 'ip link set lo down' }),
  ...rowsOf(
    'loopback',
    {},
    { 'lo, whatever it is called': {}, 'an unknown key': { mtu: 1400 } },
    { after: 'ip link set lo down' },
  ),
  ...rowsOf('loopback', {}, { 'lo, version 1.1.0': {} }, { ...lo, cniVersion: '1.1.0' }),
  ...supportedVersions
    .filter((version) => version < '1')
    .flatMap((version) =>
      rowsOf('loopback', {}, { [`lo, version ${version}`]: {} }, { ...lo, ...inShapeOf1(version) }),
    ),
  ...rowsOf(
    'loopback',
    {},
    { 'a foreign address on lo': {} },
    { ifName: 'lo', pod: 'ip addr add 10.1.0.5/24 dev lo', fails: true },
  ),
];
