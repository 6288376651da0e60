/** A resolver file (resolv.conf(5)) as the DNS part of a result. Pure. */
import type { Dns } from '../../src/cni/result';

/** Reads `nameserver`, `domain`, `search` and `options`; lists add up over lines, the last domain counts. */
export function parseResolvConf(text: string): Dns {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^[#;]/.test(line))
    .map((line) => line.split(/\s+/));
  const values = (key: string): readonly (readonly string[])[] =>
    lines.filter(([name, ...rest]) => name === key && rest.length > 0).map(([, ...rest]) => rest);
  return {
    nameservers: some(values('nameserver').map(([server = '']) => server)),
    domain: values('domain').at(-1)?.[0],
    search: some(values('search').flat()),
    options: some(values('options').flat()),
  };
}

function some(items: readonly string[]): readonly string[] | undefined {
  return items.length === 0 ? undefined : items;
}
