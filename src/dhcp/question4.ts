/** What a DHCPv4 client asks in each state, and what it tells (RFC 2131, section 4.4.1, table 5). Pure. */
import type { Ip } from '../net/ip';
import { everybody } from './frame4';
import type { Lease4 } from './lease4';
import { type Asking, begin, type Moment } from './life';
import { type Message4, nobody, type Type4 } from './message4';
import { opt4 } from './option4';
import type { Action4, AskingState4, Client4 } from './state4';

type Sent4 = Extract<Action4, { act: 'send' }>;

/** What is asked in that state. */
export function question4(state: AskingState4, client: Client4, moment: Moment): Sent4 {
  switch (state.at) {
    case 'selecting':
      return broadcast(
        'discover',
        state,
        client,
        moment,
        state.keep && { [opt4.requestedAddress]: state.keep.address },
      );
    case 'requesting':
      return broadcast('request', state, client, moment, {
        [opt4.requestedAddress]: state.offer.address,
        [opt4.serverId]: state.offer.server,
      });
    case 'renewing': {
      const { address, server, serverMac } = state.lease;
      const message = build('request', { ...state, client: address }, client, moment);
      return { act: 'send', message, from: address, to: { mac: serverMac, ip: server } };
    }
    case 'rebinding':
      return {
        act: 'send',
        message: build('request', { ...state, client: state.lease.address }, client, moment),
        from: state.lease.address,
        to: everybody,
      };
  }
}

/** Gives the lease back. */
export function giveBack(lease: Lease4, client: Client4, moment: Moment): Sent4 {
  const asking = { ...begin(moment, 32), client: lease.address, addresses: { [opt4.serverId]: lease.server } };
  const message = build('release', asking, identified(client), moment);
  return { act: 'send', message, from: lease.address, to: { mac: lease.serverMac, ip: lease.server } };
}

/** Says that somebody has the address that was given. */
export function decline({ address, server }: Lease4, asking: Asking, client: Client4, moment: Moment): Sent4 {
  const addresses = { [opt4.requestedAddress]: address, [opt4.serverId]: server };
  return broadcast('decline', asking, identified(client), moment, addresses);
}

/** To everybody, from nobody. */
function broadcast(
  type: Type4,
  asking: Asking,
  client: Client4,
  moment: Moment,
  addresses: Readonly<Record<number, Ip>> = {},
): Sent4 {
  const message = build(type, { ...asking, client: nobody, addresses }, client, moment);
  return { act: 'send', message, from: nobody, to: everybody };
}

function build(
  type: Type4,
  of: Asking & { readonly client: Ip; readonly addresses?: Readonly<Record<number, Ip>> },
  { mac, options, broadcast: flag }: Client4,
  { now }: Moment,
): Message4 {
  const told = Object.entries(of.addresses ?? {}).map(([code, address]) => [Number(code), bytesOf(address)] as const);
  return {
    isReply: false,
    type,
    xid: of.xid,
    seconds: Math.max(0, Math.floor((now - of.since) / 1000)),
    broadcast: flag && of.client === nobody,
    client: of.client,
    yours: nobody,
    relay: nobody,
    mac,
    options: new Map([...options, ...told]),
  };
}

const bytesOf = (address: Ip): Buffer => Buffer.from(address.split('.').map(Number));

/** Of what is told to servers, the identifier alone. */
const identified = (client: Client4): Client4 => ({
  ...client,
  options: new Map([...client.options].filter(([code]) => code === opt4.clientId)),
});
