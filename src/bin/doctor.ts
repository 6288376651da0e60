/** Pre-flight checks of a node, each harmless: what is looked at, what is wrong, and what to do. Reads through what it is given. */
import { gcAll } from '../attach/gc';
import type { Edges } from '../attach/ports';
import { type NetConf, prefersExternal } from '../cni/config';
import { type Network, typeOf } from '../cni/network';
import { parseSocket } from '../dhcp/config';
import { toCniError } from '../error';
import { isRecord, type Json, record } from '../json';
import { findIp, type Ip } from '../net/ip';
import type { Link } from '../net/link';
import type { ContainerId } from '../net/names';

/** One line of the report. */
export interface Verdict {
  readonly light: 'ok' | 'warning' | 'bad';
  readonly check: string;
  readonly found: string;
  /** What to do; undefined: nothing. */
  readonly fix?: string | undefined;
}

/** What the checks look at. */
export interface DoctorView {
  readonly edges: Edges;
  readonly conf: NetConf;
  /** Every network that this node knows by files. */
  readonly networks: readonly { readonly display: string; readonly network: Network }[];
  /** Names of the runtime's configuration files, in order. */
  readonly confFiles: readonly string[];
  /** Free part of the disk with Braid's state, 0 to 1; undefined: there is none yet. */
  readonly free: number | undefined;
}

/** A check: what `--help` and progress call it, and what it finds. */
export interface Check {
  readonly name: string;
  run(view: DoctorView): Promise<readonly Verdict[]>;
}

/** In the order of the report. */
export const checks: readonly Check[] = [
  { name: 'kernel', run: checkKernel },
  { name: 'configuration', run: async (view) => checkConfFiles(view) },
  { name: 'masters', run: checkMasters },
  { name: 'gateways', run: checkGateways },
  { name: 'plugins', run: checkPlugins },
  { name: 'dhcp', run: checkDhcp },
  { name: 'firewall', run: checkFirewall },
  { name: 'state', run: checkState },
  { name: 'leftovers', run: checkLeftovers },
  { name: 'cluster', run: checkCluster },
];

/** Every check; one that breaks is a line of its own and stops no other. */
export async function runChecks(view: DoctorView, progress: (name: string) => void): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { name, run } of checks) {
    progress(name);
    try {
      verdicts.push(...(await run(view)));
    } catch (error) {
      const { message, hint } = toCniError(error);
      verdicts.push({ light: 'bad', check: name, found: message, fix: hint });
    }
  }
  return verdicts;
}

const ok = (check: string, found: string): Verdict => ({ light: 'ok', check, found });

/** Modules by what needs them; a kernel may have them built in. */
const modules: readonly (readonly [string, string])[] = [
  ['veth', 'pods of a bridge'],
  ['bridge', 'networks of type bridge'],
  ['macvlan', 'networks of type macvlan'],
  ['ipvlan', 'networks of type ipvlan'],
  ['8021q', 'networks of type vlan, and "vlan"'],
  ['nf_tables', 'ipMasq and spoof checks'],
];

async function checkKernel({ edges: { files } }: DoctorView): Promise<readonly Verdict[]> {
  const release = (await files.readText('/proc/sys/kernel/osrelease'))?.trim() ?? 'unknown';
  const lists = await Promise.all(
    ['modules.builtin', 'modules.dep'].map((name) => readOr(files, `/lib/modules/${release}/${name}`)),
  );
  if (lists.every((list) => list === ''))
    return [
      {
        light: 'warning',
        check: 'kernel',
        found: `cannot tell what kernel ${release} has: no list of its modules`,
        fix: `look below /lib/modules/${release}`,
      },
    ];
  const missing: Verdict[] = [];
  for (const [name, need] of modules) {
    const known = lists.some((list) => list.includes(`/${name}.ko`));
    if (known || (await files.exists(`/sys/module/${name}`))) continue;
    const found = `cannot find ${name} in kernel ${release}: ${need} need it`;
    missing.push({
      light: 'warning',
      check: 'kernel',
      found,
      fix: `install the kernel's modules, then: modprobe ${name}`,
    });
  }
  return missing.length > 0 ? missing : [ok('kernel', `${release} has ${modules.map(([name]) => name).join(', ')}`)];
}

async function readOr(files: Edges['files'], path: string): Promise<string> {
  try {
    return (await files.readText(path)) ?? '';
  } catch {
    return ''; // larger than is read: /sys/module then decides
  }
}

/** A runtime takes the first file by name. */
function checkConfFiles({ confFiles }: DoctorView): readonly Verdict[] {
  const [first, ...others] = confFiles;
  const check = 'configuration';
  if (first === undefined)
    return [{ light: 'bad', check, found: 'the runtime has no CNI configuration', fix: 'braid install' }];
  if (!first.includes('braid'))
    return [
      {
        light: 'bad',
        check,
        found: `the runtime takes ${first}, not Braid's file`,
        fix: 'braid install; see who wrote that file',
      },
    ];
  return [ok(check, `${first} comes first${others.length === 0 ? '' : `, before ${others.join(', ')}`}`)];
}

interface Use {
  readonly display: string;
  readonly master: string;
  readonly plugin: Json;
}

const onMaster = ['macvlan', 'ipvlan', 'vlan', 'bridge'];

function usesOf({ networks }: DoctorView): readonly Use[] {
  return networks.flatMap(({ display, network }) =>
    network.plugins.flatMap((plugin) => {
      const { master, linkInContainer } = record(plugin);
      const applies = onMaster.includes(typeOf(plugin)) && typeof master === 'string' && linkInContainer !== true;
      return applies ? [{ display, master: master as string, plugin }] : [];
    }),
  );
}

async function checkMasters(view: DoctorView): Promise<readonly Verdict[]> {
  const { host } = view.edges.kernel;
  const verdicts: Verdict[] = [];
  for (const use of usesOf(view)) {
    const wrong = masterProblem(use, await host.findLink(use.master));
    verdicts.push(wrong ?? ok('masters', `${use.display}: ${use.master} is up`));
  }
  return verdicts.length > 0 ? verdicts : [ok('masters', 'no network of this node names one')];
}

function masterProblem({ display, master, plugin }: Use, link: Link | undefined): Verdict | undefined {
  const check = 'masters';
  const { mtu } = record(plugin);
  if (link === undefined)
    return {
      light: 'bad',
      check,
      found: `${display}: this node has no link ${master}`,
      fix: 'fix "master", or use {"match": …}: ip link',
    };
  if (!link.up) return { light: 'bad', check, found: `${display}: ${master} is down`, fix: `ip link set ${master} up` };
  if (link.operState === 'down' || link.operState === 'lowerlayerdown')
    return {
      light: 'bad',
      check,
      found: `${display}: ${master} has no carrier`,
      fix: 'check cable, switch port and driver',
    };
  if (typeof mtu === 'number' && mtu > link.mtu)
    return {
      light: 'bad',
      check,
      found: `${display}: mtu ${mtu}, but ${master} carries ${link.mtu}`,
      fix: `ip link set ${master} mtu ${mtu}, and on the switch`,
    };
  if (link.promisc > 0)
    return {
      light: 'warning',
      check,
      found: `${display}: ${master} is promiscuous ${link.promisc} times`,
      fix: 'find out who listens there: a capture, or a MAC filter that is full',
    };
  return undefined;
}

/** Asks on the master, or on the VLAN's link where the node has one, who holds the gateway. */
async function checkGateways(view: DoctorView): Promise<readonly Verdict[]> {
  const { host } = view.edges.kernel;
  const verdicts: Verdict[] = [];
  for (const { display, master, plugin } of usesOf(view)) {
    const { vlan, vlanId, ipam } = record(plugin);
    const id = vlan ?? vlanId;
    const link = await host.findLink(id === undefined ? master : `${master}.${String(id)}`);
    const gateways = gatewaysOf(ipam);
    if (link?.up !== true || gateways.length === 0) continue;
    const answers = await host.probe(link.index, gateways);
    for (const gateway of gateways) {
      const holders = new Set(answers.filter(([address]) => address === gateway).map(([, mac]) => mac));
      verdicts.push(gatewayVerdict(display, gateway, link.name, [...holders]));
    }
  }
  return verdicts.length > 0 ? verdicts : [ok('gateways', 'none to ask for')];
}

function gatewayVerdict(display: string, gateway: Ip, link: string, holders: readonly string[]): Verdict {
  const check = 'gateways';
  const [one, ...others] = holders;
  if (one === undefined)
    return {
      light: 'warning',
      check,
      found: `${display}: nobody answers for gateway ${gateway} on ${link}`,
      fix: 'check the VLAN on the switch port, the gateway, and what filters ARP',
    };
  if (others.length > 0)
    return {
      light: 'bad',
      check,
      found: `${display}: gateway ${gateway} is held by ${holders.join(' and ')}`,
      fix: 'two machines have one address: find the wrong one',
    };
  return ok(check, `${display}: ${gateway} on ${link} is ${one}`);
}

function gatewaysOf(ipam: unknown): readonly Ip[] {
  if (!isRecord(ipam)) return [];
  const { gateway, ranges, addresses } = record(ipam);
  const inner = [ranges, addresses].flatMap((list) => (Array.isArray(list) ? list.flat() : [])).filter(isRecord);
  const all = [gateway, ...inner.map((each) => record(each).gateway)].flatMap((text) => findIp(text) ?? []);
  return [...new Set(all)];
}

async function checkPlugins({ networks, conf, edges }: DoctorView): Promise<readonly Verdict[]> {
  const types = networks.flatMap(({ network }) => network.plugins.flatMap(typesOf));
  const foreign = [...new Set(types)].filter(
    (type) => prefersExternal(conf, type) || edges.findDelegate(type) === undefined,
  );
  const verdicts: Verdict[] = [];
  for (const type of foreign)
    if (!(await edges.files.exists(`${conf.binDir}/${type}`)))
      verdicts.push({
        light: 'bad',
        check: 'plugins',
        found: `${conf.binDir} has no ${type}`,
        fix: 'install that plugin, or fix "type" of its network',
      });
  if (verdicts.length > 0) return verdicts;
  return [ok('plugins', foreign.length === 0 ? 'all are built in' : `${foreign.join(', ')} in ${conf.binDir}`)];
}

function typesOf(plugin: Json): readonly string[] {
  const { ipam } = record(plugin);
  const type = isRecord(ipam) ? record(ipam).type : undefined;
  return [typeOf(plugin), ...(typeof type === 'string' && type !== '' ? [type] : [])];
}

/** Somebody listens at each socket that a network's dhcp asks. */
async function checkDhcp({ networks, edges }: DoctorView): Promise<readonly Verdict[]> {
  const sections = networks.flatMap(({ network }) =>
    network.plugins.flatMap(({ ipam }) => (isRecord(ipam) ? [ipam] : [])),
  );
  const sockets = sections.filter((ipam) => record(ipam).type === 'dhcp').map((ipam) => parseSocket(record(ipam)));
  const verdicts: Verdict[] = [];
  for (const socket of new Set(sockets))
    verdicts.push(
      (await edges.dhcp.isThere(socket))
        ? ok('dhcp', `a DHCP daemon listens at ${socket}`)
        : {
            light: 'bad',
            check: 'dhcp',
            found: `no DHCP daemon listens at ${socket}`,
            fix: 'start the node agent, or look why it ends: kubectl -n kube-system logs ds/braid',
          },
    );
  return verdicts.length > 0 ? verdicts : [ok('dhcp', 'no network of this node needs it')];
}

async function checkFirewall({ edges }: DoctorView): Promise<readonly Verdict[]> {
  await edges.nft.list(['tables']);
  return [ok('firewall', 'nft answers')];
}

async function checkState({ edges, conf, free }: DoctorView): Promise<readonly Verdict[]> {
  const { records } = edges;
  await records.locked('doctor' as ContainerId, async () => undefined);
  const all = await records.all();
  const broken = (await records.broken()).map(
    ({ error }): Verdict => ({ light: 'bad', check: 'state', found: error.message, fix: error.hint }),
  );
  const full = free !== undefined && free < 0.05;
  const disk: readonly Verdict[] = full
    ? [
        {
          light: 'bad',
          check: 'state',
          found: `the disk of ${conf.cniDir} is ${Math.round((1 - free) * 100)} % full`,
          fix: 'free space there: no pod starts without a record',
        },
      ]
    : [];
  return [...broken, ...disk, ok('state', `${all.length} sandboxes are recorded in ${conf.cniDir}`)];
}

async function checkLeftovers({ edges }: DoctorView): Promise<readonly Verdict[]> {
  const { freed, failed } = await gcAll({ valid: undefined, dryRun: true }, edges);
  const count = freed.length + failed.length;
  if (count === 0) return [ok('leftovers', 'nothing is left of sandboxes that are gone')];
  return [
    {
      light: 'warning',
      check: 'leftovers',
      found: `${count} things are left of sandboxes that are gone`,
      fix: 'braid gc --dry-run, then braid gc',
    },
  ];
}

/** A pod that no cluster has: the answer "not found" shows that the credential and the way are good. */
async function checkCluster({ edges, conf }: DoctorView): Promise<readonly Verdict[]> {
  if (conf.kubeconfig === undefined) return [ok('cluster', 'no kubeconfig is configured: the cluster is not asked')];
  await edges.cluster.findPod('kube-system', 'braid-doctor-asks', undefined);
  return [ok('cluster', `the API server answers with ${conf.kubeconfig}`)];
}
