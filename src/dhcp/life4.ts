/** The life of a DHCPv4 lease in frames: its state machine, and its messages as bytes. Pure. */
import { findDatagram4, toFrame4 } from './frame4';
import type { Lease4 } from './lease4';
import { type Action, type Life, toLife } from './living';
import { listens, step4, wakeAt } from './machine4';
import { decode4, encode4 } from './message4';
import type { Options4 } from './option4';
import type { Action4, Client4, Event4, State4 } from './state4';

/** `told`: what servers are told and asked for. With a lease it goes on. */
export function toLife4(told: Options4, lease?: Lease4): Life {
  const start: State4 = lease === undefined ? { at: 'init' } : { at: 'bound', lease };
  return toLife<State4>(
    {
      listens,
      wakeAt,
      step(state, event, moment, { mac, broadcast }) {
        const happened = event.kind === 'heard' ? findEvent(event.bytes) : event;
        if (happened === undefined) return { state, actions: [] };
        const client: Client4 = { mac, options: told, broadcast };
        const next = step4(state, happened, moment, client);
        return { state: next.state, actions: next.actions.map((action) => toBytes(action, client)) };
      },
    },
    start,
  );
}

function findEvent(frame: Buffer): Event4 | undefined {
  const datagram = findDatagram4(frame);
  const message = datagram === undefined ? undefined : decode4(datagram.payload);
  return datagram === undefined || message === undefined
    ? undefined
    : { kind: 'message', message, from: datagram.from };
}

function toBytes(action: Action4, { mac }: Client4): Action {
  if (action.act !== 'send') return action;
  const { message, from, to } = action;
  return { act: 'send', bytes: toFrame4(encode4(message), { mac, ip: from }, to) };
}
