/** Runs the plugins of one attachment in order, built-in or foreign, as libcni would. Acts through the edges. */
import { parseResult, toVersion } from '../cni/convert';
import { typeOf } from '../cni/network';
import { emptyResult, type Result } from '../cni/result';
import { isAtLeast } from '../cni/version';
import { CniError, fail, toCniError } from '../error';
import { isRecord, type Json, record } from '../json';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import type { Attachment } from '../pod/attachment';
import type { AddContext, CheckContext, DelContext, Delegate, Ipam } from './delegate';
import type { Edges, ForeignCall, Netns } from './ports';
import type { Undo } from './undo';

/** Whose networks are worked on, and where. */
export interface Sandbox {
  readonly containerId: ContainerId;
  readonly netns: NetnsPath | undefined; // as the runtime gave it
  readonly pod: Netns | undefined; // undefined: the namespace is gone
  /** Nothing was held for it when this ADD began: its record was made just now. */
  readonly fresh?: true;
}

/** A sandbox whose namespace is there. */
export type LiveSandbox = Sandbox & { readonly netns: NetnsPath; readonly pod: Netns };

/** An attachment with the result of its ADD; undefined when that never ended. */
export type Attached = Attachment & { readonly result: Result | undefined };

/** Parses every plugin's configuration: what is wrong with one is known before anything is done, and DEL will never meet it. */
export function validateChain(attachment: Attachment, sandbox: LiveSandbox, edges: Edges): void {
  for (const plugin of attachment.plugins) new PluginCall(attachment, plugin, sandbox, edges, undefined).validate();
}

/** ADD of every plugin in order; each gets the result of the one before. What was begun is pushed to `undo`. */
export async function addChain(
  attachment: Attachment,
  sandbox: LiveSandbox,
  edges: Edges,
  undo: Undo,
  before?: Result, // what a caller of a delegate on its own hands over
): Promise<Result> {
  let prevResult = before;
  for (const plugin of attachment.plugins) {
    const call = new PluginCall(attachment, plugin, sandbox, edges, prevResult);
    prevResult = await call.add(undo);
  }
  return prevResult ?? emptyResult;
}

/**
 * DEL of every plugin, last one first; each is tried, what failed is returned. The pod's links go into `links` instead of
 * being deleted: the kernel waits once for each deletion, or once for all of them together.
 */
export async function delChain(
  attachment: Attached,
  sandbox: Sandbox,
  edges: Edges,
  links: Set<IfName>,
): Promise<readonly CniError[]> {
  const pod = sandbox.pod === undefined ? undefined : deferringDeletion(sandbox.pod, links);
  const failures: CniError[] = [];
  for (const plugin of attachment.plugins.toReversed()) {
    try {
      await new PluginCall(attachment, plugin, { ...sandbox, pod }, edges, attachment.result).del();
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
    await new PluginCall(attachment, plugin, sandbox, edges, attachment.result).check();
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

  constructor(
    readonly attachment: Attachment,
    plugin: Json,
    readonly sandbox: Sandbox,
    readonly edges: Edges,
    readonly prevResult: Result | undefined,
  ) {
    this.#type = typeOf(plugin);
    this.#builtIn = edges.findDelegate(this.#type);
    this.#config = pluginConfig(attachment, plugin, this.#builtIn !== undefined);
  }

  validate(): void {
    this.#context(); // finds the IPAM, and refuses what is none
    this.#builtIn?.bind(this.#config);
  }

  async add(undo: Undo): Promise<Result> {
    if (this.#builtIn !== undefined)
      return this.#builtIn.bind(this.#config).add(this.#addContext(this.#context(), undo));
    return this.#addForeign(undo);
  }

  async del(): Promise<void> {
    if (this.#builtIn === undefined) await this.#run('DEL');
    else await this.#builtIn.bind(this.#config).del({ ...this.#context(), pod: this.sandbox.pod });
  }

  async check(): Promise<void> {
    if (this.#builtIn === undefined) await this.#run('CHECK');
    else
      await this.#builtIn
        .bind(this.#config)
        .check({ ...this.#context(), ...this.#live(), prevResult: this.#recorded() });
  }

  #context(): Omit<DelContext, 'pod'> {
    const { containerId } = this.sandbox;
    const { ifName, name: network, args } = this.attachment;
    const { leases, hostLinks, nft, files, log, kernel } = this.edges;
    const context = {
      host: kernel.host,
      containerId,
      ifName,
      network,
      args,
      leases,
      hostLinks,
      nft,
      files,
      log,
      prevResult: this.prevResult,
    };
    return { ...context, ipam: this.#findIpam({ ...context, ipam: undefined }) };
  }

  #addContext(context: Omit<DelContext, 'pod'>, undo: Undo): AddContext {
    const fresh = this.sandbox.fresh === true && this.prevResult === undefined; // a plugin before may have leased
    return { ...context, ...this.#live(), fresh, undo };
  }

  #live(): { readonly pod: Netns } {
    return {
      pod: this.sandbox.pod ?? fail('NetnsMissing', `Cannot work in ${this.sandbox.netns}: the namespace is gone`),
    };
  }

  #recorded(): Result {
    return this.prevResult ?? fail('CheckFailed', `Cannot check ${this.attachment.ifName}: its ADD never ended`);
  }

  /** The delegate that `ipam.type` names; an absent or empty `ipam` means layer 2 only. */
  #findIpam(context: Omit<DelContext, 'pod'>): Ipam | undefined {
    const { ipam } = record(this.#config);
    const type = isRecord(ipam) ? record(ipam).type : undefined;
    if (type === undefined || type === '') return undefined;
    if (typeof type !== 'string') return fail('ConfigInvalid', 'Cannot use ipam.type: need a string');
    const builtIn = this.edges.findDelegate(type);
    return builtIn === undefined ? this.#foreignIpam(type) : this.#builtInIpam(builtIn, context);
  }

  #builtInIpam(builtIn: Delegate, context: Omit<DelContext, 'pod'>): Ipam {
    const bound = () => builtIn.bind(this.#config);
    return {
      add: (undo) => bound().add(this.#addContext(context, undo)),
      del: () => bound().del({ ...context, pod: this.sandbox.pod } satisfies DelContext),
      check: () => bound().check({ ...context, ...this.#live(), prevResult: this.#recorded() } satisfies CheckContext),
    };
  }

  /** Delegation: the same environment, the whole configuration of the plugin above (CNI specification 1.1, section 4). */
  #foreignIpam(type: string): Ipam {
    return {
      add: (undo) => this.#addForeign(undo, type),
      del: async () => void (await this.#run('DEL', type)),
      check: async () => void (await this.#run('CHECK', type)),
    };
  }

  /** ADD of an executable, its way back first. One that is not there did nothing: there is nothing to take back. */
  async #addForeign(undo: Undo, type = this.#type): Promise<Result> {
    let missing = false;
    undo.push(async () => (missing ? '' : this.#run('DEL', type)));
    try {
      return this.#parsed(await this.#run('ADD', type), type);
    } catch (error) {
      missing = error instanceof CniError && error.reason === 'DelegateMissing';
      throw error;
    }
  }

  #run(command: ForeignCall['command'], type = this.#type): Promise<string> {
    const { cniVersion, ifName, args } = this.attachment;
    const tells = this.prevResult !== undefined && (command !== 'DEL' || isAtLeast(cniVersion, '0.4.0'));
    const prevResult = tells ? { prevResult: toVersion(this.prevResult, cniVersion) } : {};
    const config = JSON.stringify({ ...this.#config, ...prevResult });
    return this.edges.foreign.run({
      command,
      type,
      config,
      containerId: this.sandbox.containerId,
      netns: this.sandbox.netns ?? '',
      ifName,
      args,
    });
  }

  #parsed(stdout: string, type: string): Result {
    return parseResult(stdout, this.attachment.cniVersion, type);
  }
}
