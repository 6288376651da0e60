/** iptables in memory: the chains of nat and their rules, as the commands keep and list them. Touches nothing outside itself. */
import type { Iptables } from '../attach/ports';
import { fail } from '../error';
import { type Cidr, type Family, findCidr, findIp, hostCidr, networkOf } from '../net/ip';

/** What a test may ask of the rules. */
export interface FakeIptables extends Iptables {
  /** What `-S` lists: own chains and all rules, of both families. */
  rules(): readonly string[];
}

const builtIn: readonly string[] = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'];

/** No chains but those of the kernel. */
export function fakeIptables(): FakeIptables {
  const families: Readonly<Record<Family, Map<string, readonly string[]>>> = {
    4: new Map(builtIn.map((chain) => [chain, []])),
    6: new Map(builtIn.map((chain) => [chain, []])),
  };
  const list = (family: Family, chain: string): readonly string[] => {
    const head = builtIn.includes(chain) ? `-P ${chain} ACCEPT` : `-N ${chain}`;
    return [head, ...(families[family].get(chain) ?? []).map((rule) => `-A ${chain} ${rule}`)];
  };
  return {
    rules: () =>
      ([4, 6] as const).flatMap((family) =>
        [...families[family].keys()].flatMap((chain) => list(family, chain)).filter((line) => !line.startsWith('-P')),
      ),
    async nat(family, [verb, chain = '', ...words]) {
      const chains = families[family];
      const keep = (now: readonly string[]): readonly string[] => {
        chains.set(chain, now);
        return [];
      };
      const rules = chains.get(chain);
      if (verb === '-N' && rules === undefined) return keep([]);
      if (verb === '-N') return fail('FirewallFailed', 'Cannot run iptables: Chain already exists.');
      if (rules === undefined) return undefined;
      const text = listed(words);
      const target = words[words.indexOf('-j') + 1];
      if (words.length > 0 && target?.startsWith('CNI-') === true && !chains.has(target)) return undefined;
      switch (verb) {
        case '-S':
          return list(family, chain);
        case '-C':
          return rules.includes(text) ? [] : undefined;
        case '-A':
          return keep([...rules, text]);
        case '-D':
          if (!rules.includes(text)) return undefined;
          return keep(rules.toSpliced(rules.indexOf(text), 1));
        case '-F':
          return keep([]);
        case '-X': {
          const isUsed = [...chains.values()].flat().some((rule) => rule.endsWith(`-j ${chain}`));
          if (isUsed || rules.length > 0) return fail('FirewallFailed', `Cannot run iptables: ${chain} is in use`);
          chains.delete(chain);
          return [];
        }
        default:
          return fail('FirewallFailed', `Cannot run iptables: what is ${verb}?`);
      }
    },
  };
}

/** A rule as it is listed: networks for addresses, the target last, and quotes where there are blanks. */
function listed(words: readonly string[]): string {
  const at = words.indexOf('-j');
  const ordered = [...words.slice(0, at), ...words.slice(at + 2), ...words.slice(at, at + 2)];
  return ordered.map((word) => quoted(toNetwork(word) ?? word)).join(' ');
}

function toNetwork(word: string): Cidr | undefined {
  const [address, subnet] = [findIp(word), findCidr(word)];
  if (address !== undefined) return hostCidr(address);
  return subnet === undefined ? undefined : networkOf(subnet);
}

const quoted = (word: string): string => (/\s/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word);
