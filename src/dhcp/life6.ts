/** The life of a DHCPv6 lease in datagrams: its state machine, and its messages as bytes. Pure. */
import type { Client6, Lease6 } from './lease6';
import { type Life, toLife } from './living';
import { listens6, step6, wakeAt6 } from './machine6';
import { decode6, encode6 } from './message6';
import type { Event6, State6 } from './state6';

/** With a lease it goes on. */
export function toLife6(client: Client6, lease?: Lease6): Life {
  const start: State6 = lease === undefined ? { at: 'init' } : { at: 'resumed', lease };
  return toLife<State6>(
    {
      listens: listens6,
      wakeAt: wakeAt6,
      step(state, event, moment) {
        const happened = event.kind === 'heard' ? findEvent(event.bytes) : event;
        if (happened === undefined) return { state, actions: [] };
        const next = step6(state, happened, moment, client);
        const actions = next.actions.map((action) =>
          action.act === 'send' ? { act: action.act, bytes: encode6(action.message) } : action,
        );
        return { state: next.state, actions };
      },
    },
    start,
  );
}

function findEvent(bytes: Buffer): Event6 | undefined {
  const message = decode6(bytes);
  return message && { kind: 'message', message };
}
