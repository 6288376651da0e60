/** nftables in memory: as much of its language as the bridge delegate speaks. Touches nothing outside itself. */
import type { Nft } from '../../src/attach/ports';
import { fail } from '../../src/error';

interface Rule {
  readonly chain: string; // `bridge nat PREROUTING`
  readonly handle: number;
  readonly text: string;
}

/** What a test may ask of the rules. */
export interface RulesNft extends Nft {
  readonly scripts: readonly string[];
  readonly chains: ReadonlySet<string>;
  /** The rules of a chain in order, e.g. of `inet cni_plugins_masquerade masq_checks`. */
  rulesOf(chain: string): readonly string[];
  /** The next transaction fails. */
  failNext(): void;
}

/** An empty ruleset. */
export function rulesNft(): RulesNft {
  const scripts: string[] = [];
  const chains = new Set<string>();
  let rules: readonly Rule[] = [];
  let handles = 0;
  let fails = false;
  const perform = (command: string): void => {
    const [, verb, kind, family, table, name, rest = ''] =
      /^(\w+) (\w+) (\w+) ([\w-]+)(?: ([\w.-]+))?(?: (.*))?$/.exec(command) ?? [];
    const chain = `${family} ${table} ${name}`;
    if (kind !== 'table' && verb !== 'add' && !chains.has(chain)) fail('FirewallFailed', `no chain for: ${command}`);
    if (verb === 'add' && kind === 'chain') chains.add(chain);
    else if (verb === 'add' && kind === 'rule') rules = [...rules, { chain, handle: ++handles, text: rest }];
    else if (verb === 'flush') rules = rules.filter((rule) => rule.chain !== chain);
    else if (verb === 'delete' && kind === 'chain') chains.delete(chain);
    else if (verb === 'delete' && kind === 'rule')
      rules = rules.filter((rule) => rule.chain !== chain || `handle ${rule.handle}` !== rest);
    else if (kind !== 'table') fail('FirewallFailed', `cannot understand: ${command}`);
  };
  return {
    scripts,
    chains,
    rulesOf: (chain) => rules.filter((rule) => rule.chain === chain).map(({ text }) => text),
    failNext: () => {
      fails = true;
    },
    check: async () => undefined,
    async run(script) {
      if (fails) {
        fails = false;
        fail('FirewallFailed', 'Cannot change the firewall: a test asked for it');
      }
      scripts.push(script);
      for (const command of script.trimEnd().split('\n')) perform(command);
    },
    async list([, ...words]) {
      const chain = words.join(' ');
      if (!chains.has(chain)) return undefined;
      return [{ chain: { name: words.at(-1) } }, ...rules.filter((rule) => rule.chain === chain).map(toJson)];
    },
  };
}

function toJson({ handle, text }: Rule): Readonly<Record<string, unknown>> {
  const comment = /comment "([^"]*)"/.exec(text)?.[1];
  const target = /jump ([\w.-]+)/.exec(text)?.[1];
  return { rule: { handle, comment, expr: [{ match: {} }, ...(target === undefined ? [] : [{ jump: { target } }])] } };
}
