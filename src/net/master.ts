/** Choosing a link of the node by what it is, since names differ from node to node. Pure. */
import { fail } from '../error';
import { boolean, isRecord, optionalString, record, shown } from '../json';
import { addressOf, type Cidr, cidr, contains, isDefault, networkOf } from './ip';
import type { Link } from './link';
import { type Mac, mac } from './mac';
import type { Address, Route } from './route';

/** What a master must be; every given field must fit. */
export interface MasterMatch {
  readonly subnet: Cidr | undefined; // it has an address in there
  readonly mac: Mac | undefined;
  readonly pciAddress: string | undefined; // e.g. 0000:3b:00.1
  readonly altName: string | undefined;
  readonly defaultRoute: boolean; // the node's first default route leaves by it
}

/** What the node has. */
export interface NodeLinks {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
}

const keys = ['subnet', 'mac', 'pciAddress', 'altName', 'defaultRoute'];

/** Parses `{"match": {…}}`; `undefined` when `master` is no object. ConfigInvalid names the key. */
export function parseMasterMatch(master: unknown): MasterMatch | undefined {
  if (!isRecord(master)) return undefined;
  const { match } = record(master, 'master');
  const fields = record(match, 'master.match');
  const unknown = Object.keys(match as object).find((key) => !keys.includes(key));
  if (unknown !== undefined || Object.keys(match as object).length === 0)
    fail('ConfigInvalid', `Cannot use ${shown(unknown ?? match)} in master.match: need one of ${keys.join(', ')}`);
  const subnet = fields.subnet === undefined ? undefined : cidr(fields.subnet, 'master.match.subnet');
  return {
    subnet: subnet === undefined ? undefined : networkOf(subnet),
    mac: fields.mac === undefined ? undefined : mac(fields.mac, 'master.match.mac'),
    pciAddress: optionalString(fields.pciAddress, 'master.match.pciAddress')?.toLowerCase(),
    altName: optionalString(fields.altName, 'master.match.altName'),
    defaultRoute: boolean(fields.defaultRoute, 'master.match.defaultRoute'),
  };
}

/** The one link that fits. MasterMissing when none does or several do; the message says which there are. */
export function chooseMaster(match: MasterMatch, node: NodeLinks): Link {
  const fitting = node.links.filter((link) => fits(match, link, node));
  const [one, ...others] = fitting;
  if (one !== undefined && others.length === 0) return one;
  const asked = shown(
    Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined && value !== false)),
  );
  const names = (fitting.length > 0 ? fitting : node.links)
    .map(({ name }) => name)
    .slice(0, 8)
    .join(', ');
  return fail(
    'MasterMissing',
    one === undefined
      ? `Cannot find a master that matches ${asked}: the node has ${names}`
      : `Cannot choose a master that matches ${asked}: ${names} all do, need a closer match`,
  );
}

function fits(match: MasterMatch, link: Link, { addresses, routes }: NodeLinks): boolean {
  const { subnet } = match;
  const first = routes.find(({ dst, index }) => isDefault(dst) && index !== undefined);
  return (
    (subnet === undefined ||
      addresses.some(({ index, address }) => index === link.index && contains(subnet, addressOf(address)))) &&
    (match.mac === undefined || (link.mac === match.mac && link.parent === undefined)) && // a VLAN has its parent's MAC
    (match.pciAddress === undefined || link.device?.toLowerCase() === match.pciAddress) &&
    (match.altName === undefined || link.altNames.includes(match.altName)) &&
    (!match.defaultRoute || first?.index === link.index)
  );
}
