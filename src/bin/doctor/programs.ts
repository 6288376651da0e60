/** What other programs this node's networks need: plugins, a DHCP daemon, nft, iptables. Looks for them; nft checks a transaction that it does not do. */
import { masqueradeScript } from '../../attach/masquerade';
import { spoofScript } from '../../attach/spoof';
import { prefersExternal } from '../../cni/config';
import { typeOf } from '../../cni/network';
import { parseSocket } from '../../dhcp/config';
import { toCniError } from '../../error';
import { isRecord, type Json, record } from '../../json';
import { cidr } from '../../net/ip';
import { mac } from '../../net/mac';
import { containerId, ifName, networkName } from '../../net/names';
import { bad, type DoctorView, isDenied, type Line, type Look, ok, skipped, warning } from './check';

/** Every executable that a network needs is there. */
export async function checkPlugins({ networks, conf, edges, inspection }: Look): Promise<readonly Line[]> {
  const types = networks.flatMap(({ network }) => network.plugins.flatMap(typesOf));
  const foreign = [...new Set(types)].filter(
    (type) => prefersExternal(conf, type) || edges.findDelegate(type) === undefined,
  );
  if (foreign.length === 0) return [ok('all are built in')];
  return foreign.map((type) => {
    const path = `${conf.binDir}/${type}`;
    const file = inspection.file(path);
    if (file === undefined)
      return bad({
        subject: type,
        found: `${conf.binDir} has none of that name`,
        cause: 'a network names this plugin, and Braid has none of that type built in',
        fix: 'install that plugin, or fix "type" of its network',
      });
    return (file.mode & 0o111) !== 0
      ? ok(`is ${path}`, type)
      : bad({ subject: type, found: `${path} cannot be run`, cause: 'it is not executable', fix: `chmod 755 ${path}` });
  });
}

function typesOf(plugin: Json): readonly string[] {
  const { ipam } = record(plugin);
  const type = isRecord(ipam) ? record(ipam).type : undefined;
  return [typeOf(plugin), ...(typeof type === 'string' && type !== '' ? [type] : [])];
}

/** Somebody listens at each socket that a network's dhcp asks. */
export async function checkDhcp({ networks, edges }: Look): Promise<readonly Line[]> {
  const sections = networks.flatMap(({ network }) =>
    network.plugins.flatMap(({ ipam }) => (isRecord(ipam) ? [ipam] : [])),
  );
  const sockets = sections.filter((ipam) => record(ipam).type === 'dhcp').map((ipam) => parseSocket(record(ipam)));
  const lines: Line[] = [];
  for (const socket of new Set(sockets))
    lines.push(
      (await edges.dhcp.isThere(socket))
        ? ok('a DHCP daemon listens', socket)
        : bad({
            subject: socket,
            found: 'no DHCP daemon listens',
            cause: 'the node agent is not there, or another daemon had that socket',
            fix: 'start the node agent, or look why it ends: kubectl -n kube-system logs ds/braid',
          }),
    );
  return lines.length > 0 ? lines : [ok('no network of this node needs it')];
}

/** The transactions of a pod on a network with ipMasq, and on one with macspoofchk. */
function trials(): readonly { readonly what: string; readonly key: string; readonly script: string }[] {
  const owner = {
    containerId: containerId('braid-doctor'),
    ifName: ifName('net1', 'link'),
    network: networkName('tried'),
  };
  const addresses = ['192.0.2.2/24', '2001:db8::2/64'].map((text) => cidr(text, 'address'));
  return [
    { what: 'masquerading', key: 'ipMasq', script: masqueradeScript(owner, addresses, []) },
    {
      what: 'checks of MAC addresses',
      key: 'macspoofchk',
      script: spoofScript(owner, ifName('tried0', 'link'), mac('02:00:00:00:00:01', 'MAC')),
    },
  ];
}

/** The commands of the firewall are there, and nft would do what Braid asks of it. */
export async function checkFirewall(look: Look): Promise<readonly Line[]> {
  const needed = neededKeys(look);
  return [...(await checkNft(look, needed)), ...(needed.has('iptables') ? [await checkIptables(look)] : [])];
}

async function checkIptables({ inspection }: Look): Promise<Line> {
  const version = await inspection.version('iptables', ['--version']);
  return version === undefined
    ? bad({
        subject: 'iptables',
        found: 'the iptables command is not there',
        cause: 'iptables is not installed, or lies outside PATH and the usual directories',
        fix: 'install iptables; a network has "ipMasqBackend": "iptables"',
      })
    : ok('does the ipMasq of networks with "ipMasqBackend": "iptables"', version);
}

async function checkNft({ edges, isRoot, inspection }: Look, needed: ReadonlySet<string>): Promise<readonly Line[]> {
  const version = await inspection.version('nft', ['--version']);
  const subject = version ?? 'nft';
  if (version === undefined) {
    const trouble = {
      subject,
      found: 'the nft command is not there',
      cause: 'nftables is not installed, or lies outside PATH and the usual directories',
      fix: 'install nftables; macspoofchk needs it, and ipMasq where there is no iptables',
    };
    const masqueraded = needed.has('ipMasq') && (await inspection.version('iptables', ['--version'])) !== undefined;
    const isNeeded = needed.has('macspoofchk') || (needed.has('ipMasq') && !masqueraded);
    return [isNeeded ? bad(trouble) : warning(trouble)];
  }
  const lines: Line[] = [];
  for (const { what, key, script } of trials())
    try {
      await edges.nft.check(script);
    } catch (error) {
      if (!isRoot && isDenied(error))
        return [skipped('whether it may change rules needs root', 'sudo braid doctor', subject)];
      const { problem } = toCniError(error);
      const words = { subject, found: `cannot do the rules of ${what}`, cause: problem };
      const fix = `modprobe nf_tables nft_chain_nat nft_masq; networks with ${key} need it`;
      lines.push(needed.has(key) ? bad({ ...words, fix }) : warning({ ...words, fix }));
    }
  return lines.length > 0 ? lines : [ok('would do the rules of ipMasq and macspoofchk', subject)];
}

/** Keys that need nft, and `iptables`. */
function neededKeys({ networks }: Pick<DoctorView, 'networks'>): ReadonlySet<string> {
  const plugins = networks.flatMap(({ network }) => network.plugins.map((plugin) => record(plugin)));
  const keys = plugins.flatMap(({ ipMasq, ipMasqBackend, macspoofchk }) => [
    ...(ipMasq === true ? [ipMasqBackend === 'iptables' ? 'iptables' : 'ipMasq'] : []),
    ...(macspoofchk === true ? ['macspoofchk'] : []),
  ]);
  return new Set(keys);
}
