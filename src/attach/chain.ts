/** Runs the plugins of one attachment in order, built-in or foreign, as libcni would. Acts through the edges. */
import { parseResult, toVersion } from '../cni/convert';
import { typeOf } from '../cni/network';
import { emptyResult, type Result } from '../cni/result';
import { isAtLeast } from '../cni/version';
import { CniError, fail, toCniError } from '../error';
import { isRecord, type Json, record, shown } from '../json';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import type { Attachment } from '../pod/attachment';
import type { AddContext, Bound, CheckContext, DelContext, Delegate, Ipam } from './delegate';
import type { Master } from './master';
import type { Edges, ForeignCall, Netns } from './ports';
import type { Undo } from './undo';

/** Whose networks are worked on, and where. */
export interface Sandbox {
  readonly containerId: ContainerId;
  readonly netns: NetnsPath | undefined; // as the runtime gave it
  readonly pod: Netns | undefined; // undefined: the namespace is gone
  /** Nothing was held for it when this ADD began: its record was made just now. */
  readonly fresh?: true;
  /** Masters of the node that this ADD has found by name: its networks often share one, and it is looked up once. */
  readonly masters?: Map<string, Promise<Master>>;
}

/** A sandbox whose namespace is there. */
export type LiveSandbox = Sandbox & { readonly netns: NetnsPath; readonly pod: Netns };

/** An attachment with the result of its ADD; undefined when that never ended. */
export type Attached = Attachment & { readonly result: Result | undefined };

/** The plugins of an attachment, their configurations parsed. */
export type Chain = readonly PluginCall[];

/** Parses every plugin's configuration: what is wrong with one is known before anything is done, and DEL will never meet it. */
export function openChain(attachment: Attachment, sandbox: LiveSandbox, edges: Edges): Chain {
  const calls = attachment.plugins.map((plugin) => new PluginCall(attachment, plugin, sandbox, edges));
  for (const call of calls) call.validate();
  return calls;
}

/** ADD of every plugin in order; each gets the result of the one before. What was begun is pushed to `undo`. */
export async function addChain(
  chain: Chain,
  undo: Undo,
  before?: Result, // what a caller of a delegate on its own hands over
): Promise<Result> {
  let prevResult = before;
  for (const call of chain) prevResult = await call.add(undo, prevResult);
  return prevResult ?? emptyResult;
}

/**
 * DEL of every plugin, last one first; each is tried, what failed is returned. The pod's links go into `links` instead of
 * being deleted: the kernel waits once for each deletion, or once for all of them together. `meanwhile` is done while the
 * first foreign plugin works; there may be none.
 */
export async function delChain(
  attachment: Attached,
  sandbox: Sandbox,
  edges: Edges,
  links: Set<IfName>,
  meanwhile?: () => Promise<void>,
): Promise<readonly CniError[]> {
  const pod = sandbox.pod === undefined ? undefined : deferringDeletion(sandbox.pod, links);
  const failures: CniError[] = [];
  for (const plugin of attachment.plugins.toReversed()) {
    try {
      await new PluginCall(attachment, plugin, { ...sandbox, pod }, edges).del(attachment.result, meanwhile);
    } catch (error) {
      failures.push(toCniError(error));
    }
  }
  return failures;
}

/** The same namespace, whose links are noted for deletion. */
function deferringDeletion(pod: Netns, links: Set<IfName>): Netns {
  return new Proxy(pod, {
    get(target, key: keyof Netns) {
      if (key === 'deleteLink') return async (name: IfName) => void links.add(name);
      const value = target[key];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** CHECK of every plugin against the attachment's own recorded result. */
export async function checkChain(attachment: Attached, sandbox: LiveSandbox, edges: Edges): Promise<void> {
  for (const plugin of attachment.plugins)
    await new PluginCall(attachment, plugin, sandbox, edges).check(attachment.result);
}

/** The configuration that a plugin gets on stdin, without prevResult (CNI specification 1.1, section 4, "Deriving request configuration"). */
export function pluginConfig(attachment: Attachment, plugin: Json, builtIn: boolean): Json {
  const { capabilities } = record(plugin);
  const declared = isRecord(capabilities) ? capabilities : {};
  const given = Object.entries(attachment.capabilities).filter(
    ([capability]) => declared[capability] === true || (builtIn && (capability === 'ips' || capability === 'mac')),
  );
  const runtimeConfig = given.length === 0 ? {} : { runtimeConfig: Object.fromEntries(given) };
  return { ...plugin, name: attachment.name, cniVersion: attachment.cniVersion, ...runtimeConfig };
}

/** One plugin of a chain, with everything its verbs need. */
class PluginCall {
  readonly #type: string;
  readonly #builtIn: Delegate | undefined;
  readonly #config: Json;
  #bound: Bound | undefined;

  constructor(
    readonly attachment: Attachment,
    plugin: Json,
    readonly sandbox: Sandbox,
    readonly edges: Edges,
  ) {
    this.#type = typeOf(plugin);
    this.#builtIn = edges.findDelegate(this.#type);
    this.#config = pluginConfig(attachment, plugin, this.#builtIn !== undefined);
  }

  validate(): void {
    this.#requireIpam();
    this.#bind();
  }

  /** Refuses what cannot be IPAM; what an executable is, only it knows. */
  #requireIpam(): void {
    const type = this.#ipamType();
    const builtIn = type === undefined ? undefined : this.edges.findDelegate(type);
    if (builtIn !== undefined && builtIn.isIpam !== true)
      fail(
        'ConfigInvalid',
        `Cannot use ${shown(type)} as ipam.type: it gives no addresses; need one that does, like host-local, static or dhcp`,
      );
  }

  async add(undo: Undo, prevResult: Result | undefined): Promise<Result> {
    const bound = this.#bind();
    if (bound === undefined) return this.#addForeign(undo, prevResult);
    return bound.add(this.#addContext(this.#context(prevResult), undo));
  }

  async del(prevResult: Result | undefined, meanwhile?: () => Promise<void>): Promise<void> {
    const bound = await this.#bindOrRelease(prevResult);
    if (bound === undefined) await this.#run('DEL', prevResult, this.#type, meanwhile);
    else await bound.del({ ...this.#context(prevResult), pod: this.sandbox.pod });
  }

  async check(prevResult: Result | undefined): Promise<void> {
    const bound = this.#bind();
    if (bound === undefined) await this.#run('CHECK', prevResult);
    else await bound.check(this.#checkContext(this.#context(prevResult)));
  }

  /** The built-in delegate over its parsed configuration; `undefined` for a foreign one. */
  #bind(): Bound | undefined {
    this.#bound ??= this.#builtIn?.bind(this.#config);
    return this.#bound;
  }

  /** Addresses go back even when the rest of the configuration cannot be used. */
  async #bindOrRelease(prevResult: Result | undefined): Promise<Bound | undefined> {
    try {
      return this.#bind();
    } catch (error) {
      await this.#context(prevResult).ipam?.del();
      throw error;
    }
  }

  #context(prevResult: Result | undefined): Omit<DelContext, 'pod'> {
    const { containerId } = this.sandbox;
    const { ifName, name: network, args } = this.attachment;
    const { leases, dhcp, hostLinks, nft, iptables, files, log, kernel } = this.edges;
    const context = {
      host: kernel.host,
      containerId,
      ifName,
      network,
      args,
      leases,
      dhcp,
      hostLinks,
      nft,
      iptables,
      files,
      log,
      prevResult,
    };
    return { ...context, ipam: this.#findIpam({ ...context, ipam: undefined }) };
  }

  #addContext(context: Omit<DelContext, 'pod'>, undo: Undo): AddContext {
    const fresh = this.sandbox.fresh === true && context.prevResult === undefined; // a plugin before may have leased
    return { ...context, ...this.#live(), fresh, masters: this.sandbox.masters ?? new Map(), undo };
  }

  #checkContext(context: Omit<DelContext, 'pod'>): CheckContext {
    const prevResult =
      context.prevResult ?? fail('CheckFailed', `Cannot check ${this.attachment.ifName}: its ADD never ended`);
    return { ...context, ...this.#live(), prevResult };
  }

  #live(): { readonly pod: Netns } {
    return {
      pod: this.sandbox.pod ?? fail('NetnsMissing', `Cannot work in ${this.sandbox.netns}: the namespace is gone`),
    };
  }

  /** What `ipam.type` names; `undefined` when `ipam` is absent or empty: layer 2 only. */
  #ipamType(): string | undefined {
    const { ipam } = record(this.#config);
    const type = isRecord(ipam) ? record(ipam).type : undefined;
    if (type === undefined || type === '') return undefined;
    return typeof type === 'string' ? type : fail('ConfigInvalid', 'Cannot use ipam.type: need a string');
  }

  #findIpam(context: Omit<DelContext, 'pod'>): Ipam | undefined {
    const type = this.#ipamType();
    if (type === undefined) return undefined;
    const builtIn = this.edges.findDelegate(type);
    return builtIn === undefined ? this.#foreignIpam(type, context.prevResult) : this.#builtInIpam(builtIn, context);
  }

  #builtInIpam(builtIn: Delegate, context: Omit<DelContext, 'pod'>): Ipam {
    const bound = () => builtIn.bind(this.#config);
    return {
      add: (undo) => bound().add(this.#addContext(context, undo)),
      del: () => bound().del({ ...context, pod: this.sandbox.pod } satisfies DelContext),
      check: () => bound().check(this.#checkContext(context)),
    };
  }

  /** Delegation: the same environment, the whole configuration of the plugin above (CNI specification 1.1, section 4). */
  #foreignIpam(type: string, prevResult: Result | undefined): Ipam {
    return {
      add: (undo) => this.#addForeign(undo, prevResult, type),
      del: async () => void (await this.#run('DEL', prevResult, type)),
      check: async () => void (await this.#run('CHECK', prevResult, type)),
    };
  }

  /** ADD of an executable, its way back first. One that is not there did nothing: there is nothing to take back. */
  async #addForeign(undo: Undo, prevResult: Result | undefined, type = this.#type): Promise<Result> {
    let missing = false;
    undo.push(async () => (missing ? '' : this.#run('DEL', prevResult, type)));
    try {
      return this.#parsed(await this.#run('ADD', prevResult, type), type);
    } catch (error) {
      missing = error instanceof CniError && error.reason === 'DelegateMissing';
      throw error;
    }
  }

  #run(
    command: ForeignCall['command'],
    prevResult: Result | undefined,
    type = this.#type,
    meanwhile?: () => Promise<void>,
  ): Promise<string> {
    const { cniVersion, ifName, args } = this.attachment;
    const tells = prevResult !== undefined && (command !== 'DEL' || isAtLeast(cniVersion, '0.4.0'));
    const told = tells ? { prevResult: toVersion(prevResult, cniVersion) } : {};
    const config = JSON.stringify({ ...this.#config, ...told });
    const { containerId, netns = '' } = this.sandbox;
    return this.edges.foreign.run({ command, type, config, containerId, netns, ifName, args }, meanwhile);
  }

  #parsed(stdout: string, type: string): Result {
    return parseResult(stdout, this.attachment.cniVersion, type);
  }
}
