/** What the answers of links and VLANs mean: VLANs, gateways, duplicate addresses, the size of packets. Pure. */
import type { CniError } from '../../error';
import type { Ip } from '../../net/ip';
import { vlanName } from '../../net/vlan';
import { bad, broken, isDenied, type Line, ok, skipped, warning } from './check';
import { type Answer, shownUses, shownWire, type Use } from './wires';

const linkName = ({ master, tag }: Answer): string => (tag === undefined ? master.name : vlanName(master.name, tag));

const needsRoot = (subject: string): Line => skipped('needs root', 'sudo braid doctor', subject);

/** Per VLAN, whether anybody answered. */
export function judgeVlans(answers: readonly Answer[], isRoot: boolean): readonly Line[] {
  const tagged = answers.filter(({ tag }) => tag !== undefined);
  return tagged.length > 0
    ? tagged.map((answer) => judgeVlan(answer, isRoot))
    : [ok('no network of this node has a VLAN')];
}

function judgeVlan(answer: Answer, isRoot: boolean): Line {
  const subject = shownWire(answer);
  const { problem, held, uses, own } = answer;
  if (problem !== undefined) return unasked(answer, problem, isRoot);
  const others = held.filter(([address]) => !own.includes(address));
  const [first] = others;
  if (first !== undefined) return ok(`answers: ${first[0]} is ${first[1]}`, subject);
  const gateways = uses.flatMap((use) => use.gateways);
  if (gateways.length === 0)
    return skipped(
      `nobody answered, and ${shownUses(uses)} names no gateway that must`,
      'name the gateway in "ipam", or try it with a pod',
      subject,
    );
  return warning({
    subject,
    found: `nobody answers, not even for ${gateways.join(', ')}`,
    cause: 'the switch port does not carry this VLAN, it has another number, or its gateway is away',
    fix: `allow VLAN ${answer.tag?.id} on the switch port of ${answer.master.name}; then: tcpdump -e -i ${answer.master.name} vlan ${answer.tag?.id}`,
  });
}

function unasked(answer: Answer, problem: NonNullable<Answer['problem']>, isRoot: boolean): Line {
  const subject = shownWire(answer);
  const { name } = answer.master;
  if (problem === 'idle') return skipped(`${name} carries nothing now`, 'see the line of that master', subject);
  if (problem === 'down')
    return skipped('its link is there, and down: a pod sets it up', `ip link set it up, and ask again`, subject);
  if (problem === 'in a pod')
    return skipped('a namespace has it as a link of its own: it cannot be asked from here', 'ask from there', subject);
  return isDenied(problem) && !isRoot ? needsRoot(subject) : refused(subject, problem);
}

function refused(subject: string, { problem, hint, errno }: CniError): Line {
  const noProtocol = errno === 'EPROTONOSUPPORT' || errno === 'EOPNOTSUPP';
  return bad({
    subject,
    found: 'a pod could not be attached to it',
    cause: problem,
    fix: noProtocol ? 'modprobe 8021q; this kernel or this link may have no such VLANs' : hint,
  });
}

/** Per gateway that a network names, whether it answered. */
export function judgeGateways(answers: readonly Answer[], isRoot: boolean): readonly Line[] {
  const lines = answers.flatMap((answer) => {
    const gateways = [...new Set(answer.uses.flatMap((use) => use.gateways))];
    return gateways.map((gateway) => judgeGateway(gateway, answer, isRoot));
  });
  return lines.length > 0 ? lines : [ok('no network of this node names one')];
}

function judgeGateway(gateway: Ip, answer: Answer, isRoot: boolean): Line {
  const { problem, held, uses, own } = answer;
  const wire = shownWire(answer);
  const networks = shownUses(uses.filter((use) => use.gateways.includes(gateway)));
  const subject = `${gateway} on ${wire}`;
  if (typeof problem === 'string') return skipped('not asked', 'see the line of that master or VLAN', subject);
  if (problem !== undefined) return broken(problem, isRoot, subject);
  const holder = held.find(([address]) => address === gateway);
  if (holder !== undefined) return ok(`answers with ${holder[1]} (${networks})`, subject);
  if (own.includes(gateway)) return ok(`is this node (${networks})`, subject);
  return warning({
    subject,
    found: `nobody answers for this gateway of ${networks}`,
    cause: 'the gateway is down, it is on another VLAN, or something filters ARP or neighbour discovery',
    fix: `check "gateway" of the network and the gateway itself; a link of that VLAN asks it: arping -D -I ${linkName(answer)} ${gateway}`,
  });
}

/** What is this node's own: its pods by their addresses, and every MAC of it and them. */
export interface Local {
  readonly pods: ReadonlyMap<Ip, string>;
  readonly macs: ReadonlySet<string>;
}

/** Addresses that may be there once: of static networks, gateways, and the node's own. */
export function judgeDuplicates(answers: readonly Answer[], local: Local): readonly Line[] {
  const asked = answers.filter(({ problem }) => problem === undefined);
  const lines = asked.flatMap((answer) => {
    const { uses, own } = answer;
    const gateways = new Set(uses.flatMap((use) => [...use.gateways, ...use.guesses]));
    const fixed = new Set(uses.flatMap((use) => use.addresses));
    const all = new Set([...gateways, ...fixed, ...own]);
    return [...all].flatMap((address) => {
      const holders = answer.held.filter(([one, mac]) => one === address && !local.macs.has(mac)); // its own may answer on any link
      const macs = [...new Set(holders.map(([, mac]) => mac))];
      if (macs.length === 0) return [];
      const subject = `${address} on ${shownWire(answer)}`;
      if (own.includes(address)) return [taken(subject, 'this node', macs)];
      const pod = local.pods.get(address);
      if (pod !== undefined) return [taken(subject, `pod ${pod} of this node`, macs)];
      if (macs.length > 1) return [several(subject, macs)];
      return fixed.has(address) && !gateways.has(address) ? [somebody(subject, macs, uses, address)] : [];
    });
  });
  if (lines.length > 0) return lines;
  const count = new Set(asked.flatMap(({ uses, own }) => [...own, ...uses.flatMap(addressesOf)])).size;
  return [ok(count === 0 ? 'there is no address to ask for' : `none among the ${count} addresses that were asked for`)];
}

const addressesOf = ({ gateways, guesses, addresses }: Use): readonly Ip[] => [...gateways, ...guesses, ...addresses];

function taken(subject: string, owner: string, macs: readonly string[]): Line {
  return bad({
    subject,
    found: `${owner} has it, and ${macs.join(' and ')} ${macs.length === 1 ? 'answers' : 'answer'} for it`,
    cause: 'two machines have one address',
    fix: 'find the other one by its MAC in the switch table; give one of them another address',
  });
}

function several(subject: string, macs: readonly string[]): Line {
  return bad({
    subject,
    found: `${macs.join(' and ')} answer for it`,
    cause: 'two machines have one address, or a gateway protocol answers with several MAC addresses (GLBP)',
    fix: 'find them by MAC in the switch table; give one of them another address',
  });
}

function somebody(subject: string, macs: readonly string[], uses: readonly Use[], address: Ip): Line {
  const networks = shownUses(uses.filter((use) => use.addresses.includes(address)));
  return warning({
    subject,
    found: `${macs[0]} has this static address of ${networks}`,
    cause: 'a pod of that network on another node, or a machine that should not',
    fix: `braid who-has ${address} on the other nodes; if no pod has it, use another address`,
  });
}

/** Whether packets as large as pods will send reach the gateway. */
export function judgeWays(answers: readonly Answer[]): readonly Line[] {
  const lines = answers.flatMap((answer) => judgeWay(answer) ?? []);
  return lines.length > 0 ? lines : [ok('no gateway answered to which the way could be measured')];
}

function judgeWay(answer: Answer): Line | undefined {
  const { way, uses } = answer;
  if (way === undefined) return undefined;
  const { gateway, wanted, carries, andBack } = way;
  const subject = `${shownWire(answer)} to ${gateway}`;
  const direction = andBack ? 'there and back' : 'there';
  if (carries === wanted) return ok(`packets of ${wanted} bytes pass, ${direction}`, subject);
  if (carries === undefined)
    return skipped(
      'the gateway answers short questions only, so nothing can be said',
      `from a pod: ping -M do -s ${wanted - 28} ${gateway}`,
      subject,
    );
  return bad({
    subject,
    found: `packets of ${wanted} bytes do not pass ${direction}, ${carries} bytes do`,
    cause: 'a switch port, a tunnel or the gateway on the way has a smaller MTU: large packets vanish there',
    fix: `"mtu": ${usual(carries)} in ${shownUses(uses)}, or a larger MTU on the switch`,
  });
}

/** Switches let a few bytes more pass than an MTU that people write. */
function usual(carries: number): number {
  return [9000, 8900, 1500, 1492, 1450, 1400, 1280].find((each) => carries >= each && carries - each < 32) ?? carries;
}
