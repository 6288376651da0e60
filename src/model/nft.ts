/** nftables that write down every transaction. Touches nothing. */
import type { Nft } from '../attach/ports';

/** What `list` answers, by its words: `{ 'chain bridge nat PREROUTING': [{ rule: … }] }`; else `undefined`. */
type Lists = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Remembers each script; a script changes no list. */
export function fakeNft(lists: Lists = {}): Nft & { readonly scripts: readonly string[] } {
  const scripts: string[] = [];
  return {
    scripts,
    run: async (script) => void scripts.push(script),
    check: async () => undefined,
    list: async (what) => lists[what.join(' ')],
  };
}
