/** The `dns` object of configurations and results. Pure. */
import { optionalString, record, strings } from '../json';
import type { Dns } from './result';

/** Parses a `dns` object (CNI specification 1.1, section 1, "dns"); unset fields stay unset. */
export function parseDns(value: unknown, field = 'dns'): Dns {
  if (value === undefined || value === null) return {};
  const c = record(value, field);
  return {
    nameservers: someStrings(c.nameservers, `${field}.nameservers`),
    domain: optionalString(c.domain, `${field}.domain`) || undefined,
    search: someStrings(c.search, `${field}.search`),
    options: someStrings(c.options, `${field}.options`),
  };
}

/** A configuration's `dns` counts when any of its fields is there, be it an empty list; else that of IPAM does: `undefined`. */
export function parseConfiguredDns(value: unknown): Dns | undefined {
  if (value === undefined || value === null) return undefined;
  const { nameservers, search, options, domain } = record(value, 'dns');
  const lists = [nameservers, search, options].some((field) => field !== undefined);
  return lists || (domain ?? '') !== '' ? parseDns(value) : undefined;
}

function someStrings(value: unknown, field: string): readonly string[] | undefined {
  const found = strings(value, field);
  return found.length === 0 ? undefined : found;
}
