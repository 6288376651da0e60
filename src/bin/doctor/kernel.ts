/** What this kernel can do, tried: each kind of link is made on a bench and deleted. Acts on a bench; reads module lists. */
import type { Edges, Netns } from '../../attach/ports';
import { typeOf } from '../../cni/network';
import { type CniError, toCniError } from '../../error';
import type { Link } from '../../net/link';
import { type Bench, openBench } from './bench';
import { bad, type DoctorView, isDenied, type Line, type Look, ok, skipped, warning } from './check';
import { ends, type Feature, features, triedName, veth } from './features';

/** What became of a trial. */
export interface Tried {
  readonly feature: Omit<Feature, 'attempt'>;
  /** Undefined: it works. `unloaded`: trying would leave something on the node. */
  readonly problem: CniError | 'unloaded' | undefined;
  /** Whether the kernel's own lists have the module. */
  readonly listed: boolean;
}

export async function checkKernel(look: Look): Promise<readonly Line[]> {
  const { edges, isRoot } = look;
  const release = (await edges.files.readText('/proc/sys/kernel/osrelease'))?.trim() ?? 'unknown';
  const lists = await readLists(release, edges.files);
  let bench: Bench;
  try {
    bench = await openBench(look);
  } catch (error) {
    if (isRoot || !isDenied(error)) throw error;
    return [await judgeLists(release, lists, edges.files)];
  }
  try {
    return judgeKernel(await tryAll(look, lists, bench.netns), typesOf(look), release);
  } finally {
    await bench.close();
  }
}

async function tryAll({ edges: { files }, tell }: Look, lists: Lists, netns: Netns): Promise<readonly Tried[]> {
  let parent: Link;
  try {
    parent = await netns.createLink({ kind: 'veth', name: ends[0], peerName: ends[1] });
  } catch (error) {
    return [{ feature: veth, problem: toCniError(error), listed: await isListed(veth.module, lists, files) }];
  }
  const tried: Tried[] = [{ feature: veth, problem: undefined, listed: true }];
  for (const feature of features) {
    tell(`whether this kernel has ${feature.name}`);
    const listed = await isListed(feature.module, lists, files);
    tried.push({ feature, listed, problem: await attempt(feature, netns, parent, files) });
  }
  return tried;
}

async function attempt(feature: Feature, netns: Netns, parent: Link, files: Edges['files']): Promise<Tried['problem']> {
  // loading this module makes a link dummy0 on the node, which would stay
  if (feature.module === 'dummy' && !(await files.exists('/sys/module/dummy'))) return 'unloaded';
  try {
    await feature.attempt(netns, parent);
    await netns.deleteLink(triedName);
    return undefined;
  } catch (error) {
    return toCniError(error);
  }
}

/** Whether the module is built in, can be loaded, or is. */
async function isListed(module: string, lists: Lists, files: Edges['files']): Promise<boolean> {
  if (module === '') return false;
  return lists.some((list) => list.includes(`/${module}.ko`)) || (await files.exists(`/sys/module/${module}`));
}

/** Texts that name the modules which are built in, and which can be loaded. */
type Lists = readonly string[];

async function readLists(release: string, files: Edges['files']): Promise<Lists> {
  const read = async (list: string): Promise<string> => {
    try {
      return (await files.readText(`/lib/modules/${release}/${list}`)) ?? '';
    } catch {
      return ''; // larger than is read: /sys/module then decides
    }
  };
  return Promise.all(['modules.builtin', 'modules.dep'].map(read));
}

/** Plugin types of the node's networks; a network with a VLAN of its own counts for two. */
function typesOf({ networks }: Pick<DoctorView, 'networks'>): ReadonlySet<string> {
  const types = networks.flatMap(({ network }) =>
    network.plugins.flatMap((plugin) => {
      const type = typeOf(plugin);
      const tagged = 'vlan' in plugin || 'vlanTrunk' in plugin;
      return [type, ...(tagged ? [type.endsWith('bridge') ? 'bridge-vlan' : 'own-vlan', 'own-vlan'] : [])];
    }),
  );
  return new Set(types);
}

/** Pure: what the trials mean for networks of these types. */
export function judgeKernel(tried: readonly Tried[], types: ReadonlySet<string>, release: string): readonly Line[] {
  const works = tried.filter(({ problem }) => problem === undefined).map(({ feature }) => feature.name);
  const lines = tried.flatMap((one) => judgeFeature(one, types, release) ?? []);
  return [...lines, ...(works.length > 0 ? [ok(`made and deleted: ${works.join(', ')}`, `Linux ${release}`)] : [])];
}

function judgeFeature(
  { feature, problem, listed }: Tried,
  types: ReadonlySet<string>,
  release: string,
): Line | undefined {
  if (problem === undefined) return undefined;
  const { module, option } = feature;
  const subject = feature.name;
  if (problem === 'unloaded')
    return listed
      ? ok(`there as module ${module}, not loaded; not tried, for loading leaves a link dummy0`, subject)
      : trouble(feature, types, {
          cause: `kernel ${release} was built without ${option}, or its modules are not installed`,
          fix: `install the kernel's modules, then: modprobe ${module}`,
        });
  if (module === '')
    return trouble(feature, types, {
      cause: `kernel ${release} was built without ${option}: ${problem.problem}`,
      fix: `a kernel with ${option}`,
    });
  return trouble(feature, types, {
    cause: listed
      ? `module ${module} is there, and was not loaded: ${problem.problem}`
      : `no module ${module}, and ${option} is not built in: ${problem.problem}`,
    fix: listed
      ? `modprobe ${module}, and at each boot: echo ${module} >/etc/modules-load.d/braid-${module}.conf`
      : `install the kernel's modules (linux-modules-extra, kernel-modules-extra), or a kernel with ${option}`,
  });
}

function trouble(
  { name: subject, needs, serves }: Tried['feature'],
  types: ReadonlySet<string>,
  words: { readonly cause: string; readonly fix: string },
): Line {
  const used = needs.some((type) => types.has(type));
  return used
    ? bad({ subject, found: 'this kernel cannot make it, and networks of this node need it', ...words })
    : warning({ subject, found: `this kernel cannot make it; ${serves} would need it`, ...words });
}

/** Without root nothing can be made: what the lists say. */
async function judgeLists(release: string, lists: Lists, files: Edges['files']): Promise<Line> {
  const modules = [...new Set([veth, ...features].map(({ module }) => module))].filter((module) => module !== '');
  const missing: string[] = [];
  for (const module of modules) if (!(await isListed(module, lists, files))) missing.push(module);
  const found =
    missing.length === 0
      ? 'its lists have every module; nothing was tried'
      : `nothing was tried, and no list has ${missing.join(', ')}`;
  return skipped(found, 'sudo braid doctor', `Linux ${release}`);
}
