/** The life of a DHCPv4 lease in frames: its state machine, and its messages as bytes. Pure. */
import { findDatagram4, toFrame4 } from './frame4';
import type { Lease4 } from './lease4';
import type { Life, Lost, Moment, Speaker } from './life';
import { listens, step4, wakeAt } from './machine4';
import { decode4, encode4 } from './message4';
import type { Options4 } from './option4';
import { type Action4, type Client4, type Event4, heldBy, type State4 } from './state4';

export class Life4 implements Life {
  #state: State4;

  /** `told`: what servers are told and asked for. With a lease it goes on. */
  constructor(
    readonly told: Options4,
    lease?: Lease4,
  ) {
    this.#state = lease === undefined ? { at: 'init' } : { at: 'bound', lease };
  }

  get lease(): Lease4 | undefined {
    return heldBy(this.#state);
  }

  get isNew(): boolean {
    return this.#state.at === 'init';
  }

  get listens(): boolean {
    return listens(this.#state);
  }

  get lost(): Lost | undefined {
    return this.#state.at === 'lost' ? this.#state : undefined;
  }

  get wakeAt(): number | undefined {
    return wakeAt(this.#state);
  }

  step(event: Parameters<Life['step']>[0], moment: Moment, { mac, sharesMac }: Speaker): ReturnType<Life['step']> {
    const happened = event.kind === 'heard' ? heard(event.bytes) : event;
    if (happened === undefined) return [];
    const client: Client4 = { mac, options: this.told, broadcast: sharesMac };
    const { state, actions } = step4(this.#state, happened, moment, client);
    this.#state = state;
    return actions.map((action) => toBytes(action, client));
  }
}

function heard(frame: Buffer): Event4 | undefined {
  const datagram = findDatagram4(frame);
  const message = datagram === undefined ? undefined : decode4(datagram.payload);
  return datagram === undefined || message === undefined
    ? undefined
    : { kind: 'message', message, from: datagram.from };
}

function toBytes(action: Action4, { mac }: Client4): ReturnType<Life['step']>[number] {
  if (action.act !== 'send') return action;
  const { message, from, to } = action;
  return { act: 'send', bytes: toFrame4(encode4(message), { mac, ip: from }, to) };
}
