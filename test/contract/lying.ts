/** Edges whose kernel says yes to one request and does not do it, or not all of it. Touches the edges it is given. */
import type { Edges, Netns, NetnsChange } from '../../src/attach/ports';
import type { LinkChange, LinkSpec } from '../../src/net/link';
import { withSpaces } from './spaces';

/** What a lie is about, as `createLink net1 without mtu`; empty when there was no n-th. */
export interface Lying {
  readonly edges: Edges;
  readonly lies: readonly string[];
}

/** Requests that change something, but those whose edge reads back itself: settings below /proc/sys. */
const acts = [
  ...['changeLink', 'changeAll', 'createLink', 'moveLink'],
  ...['addAddress', 'deleteAddress', 'addRoute', 'deleteRoute', 'addRule', 'deleteRule'],
  ...['setBridgePort', 'addBridgeVlan', 'deleteBridgeVlan', 'setNeighbour'],
] as const;

/** What a request to make a link cannot do without. */
const needed = ['kind', 'name', 'peerName', 'parent', 'id', 'table'];

/** The same edges, of which the n-th lie (0: none) is told; `lies` names all that could be told so far. */
export function lying(edges: Edges, n: number): Lying {
  const lies: string[] = [];
  const isTold = (lie: string): boolean => lies.push(lie) === n;
  const real = new WeakMap<object, Netns>();

  const without = <T extends LinkSpec | LinkChange>(what: string, asked: T, keep: readonly string[]): T =>
    Object.fromEntries(
      Object.entries(asked).filter(
        ([key, value]) => value === undefined || keep.includes(key) || !isTold(`${what} without ${key}`),
      ),
    ) as T;

  const tell = async (space: Netns, act: (typeof acts)[number], args: readonly unknown[]): Promise<unknown> => {
    const call = (...given: readonly unknown[]) => Reflect.apply(space[act], space, given);
    const [first, second, ...more] = args.map((arg) => real.get(arg as object) ?? arg);
    switch (act) {
      case 'createLink':
        return await call(without(`createLink ${(first as LinkSpec).name}`, first as LinkSpec, needed), second);
      case 'changeLink':
        return await call(first, without(`changeLink ${first}`, second as LinkChange, []));
      case 'changeAll': {
        const done = (first as readonly NetnsChange[]).map((one) => ({
          one,
          isDone: !isTold(`changeAll ${text(one)}`),
        }));
        const problems = await space.changeAll(done.filter(({ isDone }) => isDone).map(({ one }) => one));
        const left = [...problems];
        return done.map(({ isDone }) => (isDone ? left.shift() : undefined));
      }
      default:
        return isTold(`${act} ${args.map(text).join(' ')}`) ? undefined : await call(first, second, ...more);
    }
  };

  const space = (netns: Netns): Netns => {
    const proxy = new Proxy(netns, {
      get(target, key: keyof Netns) {
        const value = target[key];
        if (typeof value !== 'function') return value;
        const act = acts.find((one) => one === key);
        return act === undefined ? value.bind(target) : (...args: readonly unknown[]) => tell(target, act, args);
      },
    });
    real.set(proxy, netns);
    return proxy;
  };
  const kernel = withSpaces(edges.kernel, space);
  return { edges: { ...edges, kernel }, lies };
}

/** A namespace among the arguments is no plain value. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && 'path' in inner ? 'there' : inner,
  );
