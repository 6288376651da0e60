/** What works, but is probably not meant, in a network's configuration. Pure. */
import { ipamTypeOf, typeOf } from '../../cni/network';
import type { Path } from '../../disk/source-map';
import { isRecord, type Json, record } from '../../json';
import { contains, findCidr, findIp } from '../../net/ip';
import { findOddTypes, type Oddity } from '../odd-types';
import { findUnknownKeys } from '../unknown-keys';
import { hints, type LintFinding, toOdd, type Unit } from './finding';
import { configOf, configSpot } from './place';

/** Told at their places: types, gateways, VLANs, and keys that no table has. */
export function findOddities(unit: Unit): readonly LintFinding[] {
  const config = configOf(unit);
  if (config === undefined) return [];
  const plugins = pluginsOf(config);
  const found = (find: (plugin: Json) => readonly Oddity[], hint: string) =>
    plugins.flatMap(({ at, plugin }) =>
      find(plugin).map(({ path, message }) => toOdd(unit, configSpot(unit, [...at, ...path]), message, hint)),
    );
  return [
    ...found(findOddTypes, hints.foreign),
    ...found(oddVlan, 'say which VLAN; the type macvlan without "vlan" has none'),
    ...found(oddGateways, 'need a gateway in that subnet, or none'),
    ...findUnknownKeys(config, 'network.json').map(({ path, message }) =>
      toOdd(unit, configSpot(unit, path), message, hints.unknown),
    ),
  ];
}

function pluginsOf(config: Json): readonly { readonly at: Path; readonly plugin: Json }[] {
  const { type, plugins } = record(config);
  if (typeof type === 'string' && type !== '') return [{ at: [], plugin: config }];
  const list: readonly unknown[] = Array.isArray(plugins) ? plugins : [];
  return list.flatMap((plugin, index) => (isRecord(plugin) ? [{ at: ['plugins', index], plugin }] : []));
}

/** The reference plugin takes 0 for a missing id: frames with a priority, and no VLAN. */
function oddVlan(plugin: Json): readonly Oddity[] {
  const { vlanId, vlan } = record(plugin);
  if (typeOf(plugin) !== 'vlan' || (vlanId ?? vlan ?? 0) !== 0) return [];
  return [
    { path: vlanId === 0 ? ['vlanId'] : ['type'], message: 'type vlan with vlanId 0 or without it is in no VLAN' },
  ];
}

/** A gateway that no address of its subnet reaches. */
function oddGateways(plugin: Json): readonly Oddity[] {
  const { ipam: section } = record(plugin);
  const ipam = record(isRecord(section) ? section : {});
  const listed = (key: string): readonly (readonly [Path, unknown])[] => listedIn(ipam[key], [key]);
  const places =
    ipamTypeOf(plugin) === 'host-local'
      ? [[[], ipam] as const, ...listed('ranges')]
      : ipamTypeOf(plugin) === 'static'
        ? listed('addresses')
        : [];
  return places.flatMap(([at, value]) => {
    if (!isRecord(value)) return [];
    const { subnet, address, gateway } = record(value);
    const [own, via] = [findCidr(subnet ?? address), findIp(gateway)];
    if (own === undefined || via === undefined || contains(own, via)) return [];
    return [{ path: ['ipam', ...at, 'gateway'], message: `gateway ${via} lies outside of ${own}: nothing reaches it` }];
  });
}

/** Elements of a list, or of the lists in it, with their paths. */
function listedIn(value: unknown, at: Path): readonly (readonly [Path, unknown])[] {
  if (!Array.isArray(value)) return [[at, value]];
  return value.flatMap((each, index) => listedIn(each, [...at, index]));
}
