/** A fake node with one pod, and the contexts in which a delegate works there. Touches only the fakes. */
import type { AddContext, CheckContext, DelContext, Delegate, Ipam } from '../../src/attach/delegate';
import type { Netns } from '../../src/attach/ports';
import { Undo } from '../../src/attach/undo';
import { parseArgs } from '../../src/cni/args';
import { emptyResult, type Result } from '../../src/cni/result';
import { CniError, fail } from '../../src/error';
import { fakeDhcp } from '../../src/model/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeHostLinks } from '../../src/model/host-links';
import { fakeIptables } from '../../src/model/iptables';
import { type Act, type FakeKernel, type FakeKernelOptions, type FakeNetns, fakeKernel } from '../../src/model/kernel';
import { fakeLeases } from '../../src/model/leases';
import { fakeLog } from '../../src/model/log';
import { fakeNft } from '../../src/model/nft';
import { cidr, ip } from '../../src/net/ip';
import { containerId, ifName, networkName } from '../../src/net/names';

/** IPAM of a test; `held` tells whether an address is out. */
export interface FakeIpam extends Ipam {
  readonly held: boolean;
  readonly checked: number;
}

/** Leases these addresses to whoever asks: `10.1.0.5/24` or `10.1.0.5/24 via 10.1.0.1`; routes as `10.2.0.0/16` or with `via`. */
export function fixedIpam(addresses: readonly string[], routes: readonly string[] = []): FakeIpam {
  let held = false;
  let checked = 0;
  return {
    get held() {
      return held;
    },
    get checked() {
      return checked;
    },
    async add(undo) {
      undo.push(async () => {
        held = false;
      });
      held = true;
      return {
        ...emptyResult,
        ips: addresses.map((text) => {
          const [address, gateway] = text.split(' via ');
          return {
            address: cidr(address, 'address'),
            gateway: gateway === undefined ? undefined : ip(gateway, 'gateway'),
          };
        }),
        routes: routes.map((text) => {
          const [dst, gw] = text.split(' via ');
          return { dst: cidr(dst, 'dst'), gw: gw === undefined ? undefined : ip(gw, 'gw') };
        }),
        dns: { nameservers: ['9.9.9.9'] },
      };
    },
    async del() {
      held = false;
    },
    async check() {
      checked += 1;
    },
  };
}

/** IPAM that has no address left. */
export const exhausted: Ipam = {
  add: async () => fail('PoolExhausted', 'Cannot lease an address: the range is full'),
  del: async () => {},
  check: async () => {},
};

/** How the node and the request of a test look. */
export interface LabOptions extends FakeKernelOptions {
  readonly ipam?: Ipam | undefined; // default: layer 2
  readonly args?: string; // CNI_ARGS
  readonly prevResult?: Result;
}

/** A fake node, a pod, and its delegate calls. */
export function lab(options: LabOptions = {}) {
  const kernel: FakeKernel = fakeKernel({ hostLinks: ['eth0'], ...options });
  const { host, pod }: { readonly host: FakeNetns; readonly pod: FakeNetns } = kernel;
  return { kernel, host, pod, ...callsFor(host, pod, options) };
}

/** A delegate's verbs for one pod of any kernel. `add` takes back what it did when it fails, as the engine does. */
export function callsFor(host: Netns, pod: Netns, options: Pick<LabOptions, 'ipam' | 'args' | 'prevResult'> = {}) {
  const base = {
    host,
    pod,
    containerId: containerId('c1'),
    ifName: ifName('net1', 'ifName'),
    network: networkName('testnet'),
    args: parseArgs(options.args ?? ''),
    ipam: options.ipam,
    leases: fakeLeases(),
    dhcp: fakeDhcp(),
    hostLinks: fakeHostLinks(),
    nft: fakeNft(),
    iptables: fakeIptables(),
    files: fakeFiles(),
    log: fakeLog(),
  };
  const ctx: AddContext = {
    ...base,
    prevResult: options.prevResult,
    fresh: false,
    masters: new Map(),
    undo: new Undo(),
  };
  return {
    ctx,
    undo: ctx.undo,
    leases: base.leases,
    hostLinks: base.hostLinks,
    iptables: base.iptables,
    async add(delegate: Delegate, config: unknown, changes: Partial<AddContext> = {}): Promise<Result> {
      const mine = new Undo();
      try {
        return await delegate.bind(config).add({ ...ctx, ...changes, undo: mine });
      } catch (error) {
        const left = await mine.run();
        if (left.length > 0)
          throw new CniError('Internal', `undo left something: ${left.join(', ')}`, { cause: error });
        throw error;
      }
    },
    del: (delegate: Delegate, config: unknown, changes: Partial<DelContext> = {}): Promise<void> =>
      delegate.bind(config).del({ ...base, prevResult: undefined, ...changes }),
    check: (
      delegate: Delegate,
      config: unknown,
      prevResult: Result,
      changes: Partial<CheckContext> = {},
    ): Promise<void> => delegate.bind(config).check({ ...base, prevResult, ...changes }),
  };
}

/** The delegate in a chain whose next plugin fails: its undo steps run. */
export function thenFails({ type, bind }: Delegate): Delegate {
  const add = async (input: unknown, context: AddContext): Promise<Result> => {
    await bind(input).add(context);
    return fail('DelegateFailed', 'the next plugin failed');
  };
  return { type, bind: (input) => ({ ...bind(input), add: (context) => add(input, context) }) };
}

/** How often ADD calls each method of the kernel: the steps at which it can fail. */
export async function stepsOf(delegate: Delegate, config: unknown, options: LabOptions): Promise<readonly Act[]> {
  const { kernel, add } = lab({ ...options, record: true });
  await add(delegate, config);
  return [...new Set(kernel.calls.map((call) => call.split(' ')[0] as Act))];
}
