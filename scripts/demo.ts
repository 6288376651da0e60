/**
 * The demo inside the guest: a pod gets its default network and six more, is looked at, checked and removed. Every output
 * is that of the command above it, every `ok` was tested. Runs under Bun as scripts/demo.sh starts it: as root, in a
 * network and a mount namespace of its own, which it fills.
 */
import { command, expect, finish, heading, output, say, table, title } from './demo-print';
import { type Call, makeNode, networksKey, Pod, run } from './demo-stage';

const asked = ['macvlan-lan', 'vlan-100', 'vlan-200', 'bridge-vlan-300', 'ipvlan-static', 'macvlan-sbr'];
const bridges = ['cni0', 'br-trunk']; // stay when the last pod goes, as with the reference plugins
const peer = '192.168.200.250'; // on VLAN 200 of the cable from eth1

if (process.env.BRAID_GUEST !== '1') {
  console.error('scripts/demo.ts: runs in the test guest only; type: make demo');
  process.exit(2);
}
try {
  main();
} catch (error) {
  expect('every step can be taken', false, error instanceof Error ? error.message : String(error));
}
process.exitCode = finish();

function main(): void {
  title('Braid: a pod with seven networks, no cluster', [
    'Real commands and what they print, in a Linux kernel of its own.',
    'That kernel runs in software emulation: a real machine is many times faster.',
  ]);
  makeNode();
  const before = links();
  const web = new Pod('web', asked.join(','));
  showNode();
  showRequest(web);
  attach(web);
  showPod(web);
  showRoutes();
  const db = new Pod('db', '[{"name": "vlan-100", "ips": ["192.168.100.60/24"]}]');
  attachOther(db);
  showIndependence(web, db);
  refuse();
  check(web);
  detach(web, db, before);
}

/** Runs the command, shown with what it prints. */
function show(line: string): string {
  command(line);
  const text = run(line);
  output(text);
  return text;
}

function showNode(): void {
  heading('A node');
  say('Its links eth1 and eth2 lead outside. Its files are those of conf/:', '');
  show('ls -C -w 76 -T 0 /etc/cni/net.d /etc/cni/braid/networks');
}

function showRequest(web: Pod): void {
  heading('What the pod asks for');
  say('Pod default/web has this annotation. containerd and CRI-O hand it to Braid:', '');
  const names = web.networks.split(',');
  say(`${networksKey}:`, `  ${names.slice(0, 3).join(', ')},`, `  ${names.slice(3).join(', ')}`);
}

function attach(web: Pod): void {
  heading('ADD: one call, one process, all networks or none');
  const env = Object.entries(web.env('ADD')).map(
    ([key, value]) => `${key}=${value.includes(';') ? `'${value}'` : value}`,
  );
  command(
    `${env.slice(0, 3).join(' ')} \\`,
    `${env.slice(3, 5).join(' ')} \\`,
    `${env[5]} \\`,
    `dist/braid <${web.input}`,
  );
  const added = web.call('ADD');
  if (added.status !== 0) throw new Error(`ADD: ${added.answer.msg ?? added.stderr}`);
  say('', `The merged result, CNI ${added.answer.cniVersion}, as a table:`, '');
  table(['link', 'address', 'gateway', 'MAC', 'network'], resultRows(added));
  say('');
  succeeded(`ADD (${took(added)})`, added);
  expect('the kernel has each of these interfaces, with that address and MAC', isInKernel(web, added));
}

/** The interfaces of the pod in a result, with the network each belongs to. */
function resultRows({ answer: { interfaces = [], ips = [] } }: Call): readonly (readonly string[])[] {
  return interfaces.flatMap(({ name, mac = '', sandbox }, at) => {
    if (sandbox === undefined) return [];
    const { address = '', gateway = '' } = ips.find((ip) => ip.interface === at) ?? {};
    const network = name === 'eth0' ? 'cluster' : (asked[Number(name.slice(3)) - 1] ?? '');
    return [[name, address, gateway, mac, network]];
  });
}

function isInKernel(web: Pod, added: Call): boolean {
  const held = addresses(web);
  const rows = resultRows(added);
  const complete = rows.length === asked.length + 1;
  return (
    complete && rows.every(([name = '', address, , mac]) => held[name]?.address === address && held[name]?.mac === mac)
  );
}

/** Each interface's MAC and IPv4 address, as the kernel has them. */
function addresses(pod: Pod): Readonly<Record<string, { readonly mac: string; readonly address: string }>> {
  interface Shown {
    readonly ifname: string;
    readonly address: string;
    readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
  }
  const shown = JSON.parse(pod.ip('-j addr')) as readonly Shown[];
  const entries = shown.map(({ ifname, address, addr_info }) => {
    const first = addr_info.find(({ family }) => family === 'inet');
    return [ifname, { mac: address, address: `${first?.local}/${first?.prefixlen}` }] as const;
  });
  return Object.fromEntries(entries);
}

/** The address of one interface, without its prefix length. */
function addressOf(pod: Pod, name: string): string {
  return addresses(pod)[name]?.address.replace(/\/.*/, '') ?? '';
}

interface ShownLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link?: string;
  readonly link_index?: number;
  readonly mtu: number;
  readonly linkinfo?: {
    readonly info_kind: string;
    readonly info_data?: { readonly id?: number; readonly mode?: string };
  };
}

function showPod(web: Pod): void {
  heading('What the pod has');
  show('ip -n web -4 -br addr');
  say('');
  const shown = JSON.parse(web.ip('-d -j link')) as readonly ShownLink[];
  const rows = shown.map(({ ifname, mtu, linkinfo }) => {
    const { info_kind: kind = 'loopback', info_data: data } = linkinfo ?? {};
    return [ifname, kind, data?.mode ?? '', String(mtu)];
  });
  command('ip -n web -d -j link    # as a table');
  table(['interface', 'kind', 'mode', 'MTU'], rows);
  say('');
  show('tail -n +3 /proc/net/vlan/config    # on the node: made for net2 and net3');
  say('');
  const [port] = JSON.parse(run('ip -j link show master br-trunk')) as readonly ShownLink[];
  const vlans = show(`bridge vlan show dev ${port?.ifname}    # net4's other end, on the node`);
  say('');
  const names = ['eth0', 'lo', ...asked.map((_, at) => `net${at + 1}`)];
  expect(
    'seven interfaces beside lo, numbered in the order of the annotation',
    shown
      .map(({ ifname }) => ifname)
      .sort()
      .join() === names.join(),
  );
  const ids = ['net2', 'net3'].map((name) => vlanBelow(shown, name));
  expect('net2 lives on VLAN 100 of eth1, net3 on VLAN 200', ids.join() === '100,200', ids.join());
  const tagged = [...vlans.matchAll(/ (\d+)(?= PVID|$)/gm)].map(([, id]) => id);
  expect('net4 is in VLAN 300 and in no other', tagged.join() === '300', tagged.join());
}

/** The VLAN of the node's link that the pod's link lives on. */
function vlanBelow(shown: readonly ShownLink[], name: string): number | undefined {
  const below = shown.find(({ ifname }) => ifname === name)?.link_index;
  const links = JSON.parse(run('ip -d -j link')) as readonly ShownLink[];
  return links.find(({ ifindex, link }) => ifindex === below && link === 'eth1')?.linkinfo?.info_data?.id;
}

function showRoutes(): void {
  heading('Where its traffic goes');
  const main = show('ip -n web route');
  say('');
  const rules = show('ip -n web rule');
  say('');
  const table100 = show('ip -n web route show table 100');
  say('');
  const plain = show('ip -n web route get 8.8.8.8 | head -1');
  const bound = show('ip -n web route get 8.8.8.8 from 10.20.0.20 | head -1');
  say('');
  expect("the default route is the cluster's", main.startsWith('default via 10.244.1.1 dev eth0'));
  expect("macvlan-lan's default route stands behind it", main.includes('default via 192.168.1.1 dev net1 metric 1001'));
  const ruled = rules.includes('from 10.20.0.20 lookup 100') && table100.includes('default via 10.20.0.254 dev net6');
  expect("macvlan-sbr's address has a table with a gateway of its own", ruled);
  const parted = plain.includes('dev eth0') && bound.includes('dev net6');
  expect('traffic leaves by eth0, but that of 10.20.0.20 by net6', parted);
}

function attachOther(db: Pod): void {
  heading('A second pod');
  say('Pod default/db asks for VLAN 100 alone, with an address of its choice:', '');
  say(`${networksKey}:`, `  ${db.networks}`, '');
  const added = db.call('ADD');
  show('ip -n db -4 -br addr');
  say('');
  succeeded(`ADD (${took(added)})`, added);
  expect('db has the address it asked for', addressOf(db, 'net1') === '192.168.100.60');
}

function showIndependence(web: Pod, db: Pod): void {
  heading('Independent networks');
  const [vlan100, vlan200] = [addressOf(web, 'net2'), addressOf(web, 'net3')];
  makePeer(vlan200);
  const over = (way: string, address: string): number => {
    db.ip(`route replace 192.168.200.0/24 ${way}`);
    return db.answers(address);
  };
  const reached = db.answers(vlan100);
  const closed = [
    ['db', 'web on VLAN 200', vlan200, db.answers(vlan200)],
    ['db', 'web on VLAN 200, as a neighbour', vlan200, over('dev net1', vlan200)],
    ['db', 'machine on VLAN 200, web as router', peer, over(`via ${vlan100} dev net1`, peer)],
  ] as const;
  const fromWeb = web.answers(peer);
  const rows = [
    ['db', 'web on VLAN 100', vlan100, reached],
    ['web', 'machine on VLAN 200', peer, fromWeb],
    ...closed,
  ] as const;
  table(
    ['from', 'to', 'ping -c 2', 'answers'],
    rows.map(([from, to, address, answers]) => [from, to, address, answers === 0 ? 'none' : String(answers)]),
  );
  say('');
  expect('over VLAN 100 db reaches web', reached === 2);
  expect(
    'web reaches VLAN 200, and nobody gets there through web',
    fromWeb === 2 && closed.every(([, , , answers]) => answers === 0),
  );
  const forwarding = asked.map((_, at) =>
    run(`ip netns exec web cat /proc/sys/net/ipv4/conf/net${at + 1}/forwarding`).trim(),
  );
  expect(
    'forwarding is off on net1 to net6',
    forwarding.every((value) => value === '0'),
    forwarding.join(),
  );
}

/** A machine outside on VLAN 200, that would answer db if web let it through. */
function makePeer(vlan200: string): void {
  run('ip -n outside link add link eth1 name vlan200 type vlan id 200');
  run(`ip -n outside addr add ${peer}/24 dev vlan200`);
  run('ip -n outside link set vlan200 up');
  run(`ip -n outside route add 192.168.100.0/24 via ${vlan200}`);
}

function refuse(): void {
  heading('A slip of the pen');
  const typo = new Pod('typo', '[{"name": "vlan-100", "defualt-route": ["192.168.100.1"]}]');
  say(`${networksKey}:`, `  ${typo.networks}`, '');
  const { status, answer } = typo.call('ADD');
  say(...folded(`error ${answer.code}: ${answer.msg}`), ...folded(answer.details ?? ''), '');
  const left = typo.ip('-br link').trim().split('\n');
  expect('the pod does not start, and nothing is left of the attempt', status === 1 && left.length === 1);
}

/** Lines that fit. */
function folded(text: string): readonly string[] {
  return text.match(/\S.{0,75}(?=\s|$)/g) ?? [];
}

function check(web: Pod): void {
  heading('CHECK: the kernel against what was recorded');
  const line = `CNI_COMMAND=CHECK … dist/braid <${web.input}`;
  command(line);
  const checked = web.call('CHECK');
  succeeded(`CHECK (${took(checked)})`, checked);
  say('');
  command('ip -n web link del net2    # somebody interferes');
  run('ip -n web link del net2');
  command(line);
  const { status, answer } = web.call('CHECK');
  say(...folded(`error ${answer.code}: ${answer.msg}`), '');
  const names = /pod default\/web, network default\/vlan-100, interface net2/.test(answer.msg ?? '');
  expect('CHECK finds it, and names pod, network and interface', status === 1 && names);
}

function detach(web: Pod, db: Pod, before: readonly string[]): void {
  heading('DEL, twice');
  const held = "find /var/lib/cni -name '*.*.*.*' -o -name '*.json' | sort";
  show(`${held}   # held now`);
  say('');
  command(`CNI_COMMAND=DEL … dist/braid <${web.input}    # twice`);
  const [first, second] = [web.call('DEL'), web.call('DEL')];
  succeeded(`DEL (${took(first)})`, first);
  succeeded(`DEL again (${took(second)}): nothing to do is success`, second);
  succeeded('DEL of db', db.call('DEL'));
  say('');
  const own = show('ip -n web -br link').trim().split('\n');
  const leases = show(held).trim();
  if (leases === '') say('(nothing)');
  say('');
  const rules = web.ip('rule').trim().split('\n');
  const routes = web
    .ip('route show table all')
    .split('\n')
    .filter((route) => route !== '' && !/ dev lo\b/.test(route));
  expect('the pod has lo alone, no rule and no route', own.length === 1 && rules.length === 3 && routes.length === 0);
  expect('no address is reserved and no record is left', leases === '');
  expect('no firewall rule names the pods', !run('nft list ruleset').includes('-sandbox'));
  const added = links().filter((name) => !before.includes(name) && !bridges.includes(name));
  expect(
    `the VLAN links are gone from the node, the bridges stay: ${bridges.join(', ')}`,
    added.length === 0,
    added.join(),
  );
}

function links(): readonly string[] {
  return (JSON.parse(run('ip -j link')) as readonly ShownLink[]).map(({ ifname }) => ifname);
}

function succeeded(what: string, call: Call): void {
  expect(what, call.status === 0, call.answer.msg ?? `exit status ${call.status} ${call.stderr}`);
}

function took({ seconds }: Call): string {
  return `${seconds.toFixed(1)} s, software-emulated`;
}
