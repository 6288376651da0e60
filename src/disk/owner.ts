/** A container and its interface as one file name, and back. Pure. */
import { fail } from '../error';
import { type ContainerId, containerId, type IfName, ifName } from '../net/names';

/** Whose a file is, as its name says. */
export interface RecordOwner {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

/** `<containerId>_<ifName>`: the `_` between the two is the last one, an interface name's own are written %5F. Never out of a directory. */
export function ownerFileName({ containerId, ifName }: RecordOwner): string {
  const name = `${containerId}_${ifName.replaceAll('%', '%25').replaceAll('_', '%5F')}`;
  return name.includes('/') ? fail('Internal', `Cannot use ${name} as a file name`) : name;
}

/** The owner that gave a file that name; `undefined` when Braid did not. */
export function findOwner(name: string): RecordOwner | undefined {
  const [, container, link] = /^(.+)_([^_]+)$/s.exec(name) ?? [];
  if (container === undefined || link === undefined) return undefined;
  try {
    const owner = {
      containerId: containerId(container),
      ifName: ifName(link.replace(/%5F/g, '_').replace(/%25/g, '%'), 'file name'),
    };
    return ownerFileName(owner) === name ? owner : undefined;
  } catch {
    return undefined;
  }
}
