/** What every folder of plugins/ must do, on a fake node and on a real one: one suite, driven by the example in each folder. Touches the world it is given. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDelegate } from '../../plugins';
import { handleAlone, parseAlone } from '../../src/attach/alone';
import type { Delegate } from '../../src/attach/delegate';
import type { Edges } from '../../src/attach/ports';
import { typeOf } from '../../src/cni/network';
import { parseRequest } from '../../src/cni/request';
import { type CniVersion, supportedVersions } from '../../src/cni/version';
import { isRecord, type Json } from '../../src/json';
import { faulty } from './faulty';

/** What br0 has: bridges keep a gateway's address, for other pods use it, too. */
export const bridgeAddresses = ['10.1.0.1/24', 'fd00:1::1/64'] as const;

/** The edges that a delegate on its own touches. */
export type Touched = Pick<
  Edges,
  'kernel' | 'leases' | 'dhcp' | 'hostLinks' | 'nft' | 'iptables' | 'files' | 'log' | 'findDelegate'
>;

/** A node with the links eth0 (up), br0 (a bridge, up, with its addresses) and dev0 (down), and one pod. */
export interface DelegateWorld {
  readonly edges: Edges;
  readonly podPath: string;
  /** All that a delegate could leave behind, as plain values. */
  state(): Promise<unknown>;
  /** The pod's namespace goes away, as at the end of a pod. */
  removePod(): Promise<void>;
  close(): Promise<void>;
}

/** An example: a network whose last plugin, or that one's IPAM, is the delegate of that folder. */
interface Example {
  readonly file: string;
  readonly folder: string;
  readonly plugins: readonly Json[];
}

const plugins = path.resolve(import.meta.dirname, '../../plugins');
const environment = { CNI_CONTAINERID: 'c1', CNI_IFNAME: 'net1', CNI_PATH: '/opt/cni/bin' };

/** Folders of plugins/, each one delegate. */
export const folders: readonly string[] = readdirSync(plugins, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const examples: readonly Example[] = globSync('*/example*.json', { cwd: plugins })
  .sort()
  .map((file) => ({
    file,
    folder: path.dirname(file),
    plugins: JSON.parse(readFileSync(path.join(plugins, file), 'utf8')).plugins,
  }));

/** The types that an example shows: its last plugin's, and that one's IPAM's. */
function typesOf({ plugins: all }: Example): readonly unknown[] {
  const last = all.at(-1) ?? {};
  return [last.type, isRecord(last.ipam) ? last.ipam.type : undefined];
}

function isIpam({ folder, plugins: all }: Example): boolean {
  const ipam = all.at(-1)?.ipam;
  return isRecord(ipam) && ipam.type === folder;
}

/** How much of the suite is run. */
export interface Scope {
  readonly versions: readonly CniVersion[];
  /** Examples of IPAM, too. */
  readonly withIpam: boolean;
  /** Which acts are steps that fail. */
  counts(act: string): boolean;
}

/** All of it. */
const whole: Scope = { versions: supportedVersions, withIpam: true, counts: () => true };

/** What a real kernel can show: it knows no versions, leases are not its own, and what only reads was tried on the fake node. */
export const kernelScope: Scope = {
  versions: ['1.1.0'],
  withIpam: false,
  counts: (act) =>
    !/^(find|links|neighbours|addresses|routes|rules|sysctl$|bridge|list|exists|read|locked|usedBy|isOnly)/.test(act),
};

/** Runs the suite. */
export function delegateContract(
  makeWorld: () => Promise<DelegateWorld>,
  { versions, withIpam, counts }: Scope = whole,
): void {
  it.each(folders)('plugins/%s is one delegate, with an example', (folder) => {
    expect(findDelegate(folder)?.type).toBe(folder);
    expect(examples.filter((one) => one.folder === folder && typesOf(one).includes(folder))).not.toEqual([]);
  });

  const wanted = examples.filter((one) => withIpam || !isIpam(one));
  describe.each(wanted)('$file', (example) => {
    let world: DelegateWorld;
    let before: unknown;
    beforeEach(async () => {
      world = await makeWorld();
      before = await world.state();
    });
    afterEach(() => world.close());

    /** One verb of one plugin, as a runtime calls it; the text it prints. */
    const call = (
      command: string,
      plugin: Json,
      more: { readonly netns?: string; readonly edges?: Edges; readonly keys?: Json } = {},
    ): Promise<string> => {
      const conf = { cniVersion: '1.1.0', name: 'example', ...plugin, ...more.keys };
      const request = parseRequest({
        ...environment,
        CNI_COMMAND: command,
        CNI_NETNS: more.netns ?? world.podPath,
      });
      return handleAlone(builtIn(typeOf(plugin)), request, parseAlone(JSON.stringify(conf)), more.edges ?? world.edges);
    };
    /** ADD of the plugins in order; what the last one printed. */
    const add = async (among: readonly Json[], keys: Json = {}): Promise<unknown> => {
      let result: Json = {};
      for (const plugin of among)
        result = { prevResult: JSON.parse(await call('ADD', plugin, { keys: { ...keys, ...result } })) };
      return result.prevResult;
    };
    const del = async (keys: Json = {}, netns?: string): Promise<void> => {
      for (const plugin of example.plugins.toReversed())
        await call('DEL', plugin, { keys, ...(netns === undefined ? {} : { netns }) });
    };
    const last = example.plugins.at(-1) as Json;
    /** ADD of the last plugin by other edges; what it said, and how the world was just before. */
    const addLast = async (edges: Edges): Promise<{ readonly outcome: unknown; readonly earlier: unknown }> => {
      const prevResult = await add(example.plugins.slice(0, -1));
      const earlier = await world.state();
      const keys = prevResult === undefined ? {} : { prevResult };
      return { outcome: await call('ADD', last, { edges, keys }).catch((error: unknown) => error), earlier };
    };

    it.each(versions)('gives a result of version %s, and takes all of it back', async (cniVersion: CniVersion) => {
      const result = (await add(example.plugins, { cniVersion })) as Json;
      expect(result.cniVersion).toBe(cniVersion);
      await del({ cniVersion, prevResult: result });
      expect(await world.state()).toEqual(before);
    });

    it('passes CHECK after ADD, and fails it when the pod has nothing of it', async () => {
      const prevResult = await add(example.plugins);
      for (const plugin of example.plugins) expect(await call('CHECK', plugin, { keys: { prevResult } })).toBe('');
      await del({ prevResult });
      const checks = example.plugins.map((plugin) => call('CHECK', plugin, { keys: { prevResult } }));
      await expect(Promise.all(checks)).rejects.toMatchObject({ reason: 'CheckFailed' });
    });

    it('answers STATUS and GC with nothing', async () => {
      for (const command of ['STATUS', 'GC'])
        expect(await call(command, last, { keys: { 'cni.dev/valid-attachments': [] } })).toBe('');
      expect(await world.state()).toEqual(before);
    });

    it('counts DEL of what was never there, and of what is gone, as done', async () => {
      await del();
      expect(await world.state()).toEqual(before);
      const prevResult = await add(example.plugins);
      for (const _ of [1, 2]) await del({ prevResult });
      expect(await world.state()).toEqual(before);
    });

    it('takes back all of it without what ADD printed', async () => {
      await add(example.plugins);
      await del();
      expect(await world.state()).toEqual(before);
    });

    it.each([
      ['is gone', undefined],
      ['is not named any more', ''],
    ])('leaves nothing when the namespace %s', async (_, netns) => {
      const prevResult = await add(example.plugins);
      await world.removePod();
      await del({ prevResult }, netns);
      expect(await world.state()).toMatchObject(hostOf(before));
    });

    it('takes back what it did when any of its own steps fails', { timeout: 600_000 }, async () => {
      const counting = faulty(world.edges, 0, counts);
      await addLast(counting.edges);
      await del();
      expect(counting.steps.length).toBeGreaterThan(0);
      for (const [at, step] of counting.steps.entries()) {
        const { outcome, earlier } = await addLast(faulty(world.edges, at + 1, counts).edges);
        if (outcome instanceof Error)
          expect(await world.state(), `after ${step} failed, step ${at + 1}`).toEqual(earlier);
        await del();
        expect(await world.state(), `after ${step} failed, step ${at + 1}, and DEL`).toEqual(before);
      }
    });
  });
}

function builtIn(type: string): Delegate {
  const found = findDelegate(type);
  if (found === undefined) throw new Error(`test: ${type} is not built in`);
  return found;
}

/** The part of a state that is not the pod's. */
function hostOf(state: unknown): Json {
  const { pod, ...rest } = state as Json;
  return rest;
}
