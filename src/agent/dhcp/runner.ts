/** Keeps one lease: sends what the state machine wants, hears answers, sleeps between. Acts through the pod's link. */
import type { Log } from '../../attach/ports';
import { findDatagram4, toFrame4 } from '../../dhcp/frame4';
import type { Lease4 } from '../../dhcp/lease4';
import { type Client4, type Event4, listens, type State4, step4, wakeAt } from '../../dhcp/machine4';
import { decode4, encode4 } from '../../dhcp/message4';
import { type Options4, opt4 } from '../../dhcp/option4';
import { toCniError } from '../../error';
import type { OpenLink, Place, PodLinks } from './ports';
import { clientIdOf, type Owner } from './saved';

/** What a lease is kept by. */
export interface RunnerMeans {
  readonly links: PodLinks;
  readonly log: Log;
  /** Milliseconds of a clock that no one sets back while the agent runs. */
  now(): number;
  random(): number;
  /** The lease is there, or longer: on disk before it returns. */
  keep(lease: Lease4, place: Place): Promise<void>;
  /** It is over: lost, given back, or its pod is gone. */
  forget(): Promise<void>;
}

/** What is asked for. */
export interface Wish {
  readonly owner: Owner;
  readonly place: Place;
  readonly told: Options4; // what the configuration provides and requests
}

const quick = 10; // ms between looks at the socket, while a pod waits
const calm = 100; // ms, when nobody waits
const look = 300_000; // ms between looks whether the pod is still there

/** One lease from its first question to its end. */
export class Runner {
  #state: State4;
  #place: Place;
  #open: OpenLink | undefined;
  #client: Client4 | undefined;
  #ended = false;
  #poke: () => void = () => undefined;
  readonly #done: Promise<void>;
  /** The first lease; rejects with the reason in words when there is none. */
  readonly first: Promise<Lease4>;
  #resolve!: (lease: Lease4) => void;
  #reject!: (why: Error) => void;

  constructor(
    readonly wish: Wish,
    readonly means: RunnerMeans,
    lease?: Lease4,
  ) {
    this.#state = lease === undefined ? { at: 'init' } : { at: 'bound', lease };
    this.#place = wish.place;
    this.first = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.first.catch(() => undefined); // whoever waits hears of it
    if (lease !== undefined) this.#resolve(lease);
    this.#done = this.#run();
  }

  /** What the pod has now. */
  get lease(): Lease4 | undefined {
    if ('lease' in this.#state) return this.#state.lease;
    return 'keep' in this.#state ? this.#state.keep : undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the pod and its link are still there; else the lease is over. */
  async isThere(): Promise<boolean> {
    if (this.#open !== undefined) return true;
    const open = await this.means.links.open(this.#place, false);
    open?.close();
    return open !== undefined;
  }

  /** Gives the lease back to its server, when the link still can, and ends: a server that does not hear it frees it later. */
  async release(): Promise<void> {
    this.stop();
    await this.#done;
    try {
      if (this.lease !== undefined) await this.#step({ kind: 'release' });
    } catch (error) {
      const problem = toCniError(error).message;
      this.means.log.warn(
        { ...this.wish.owner, problem },
        'could not give a DHCP lease back: its server frees it when it ends',
      );
    }
    this.#close();
    await this.means.forget();
  }

  /** Ends, and leaves everything as it is: another agent goes on. */
  stop(): void {
    this.#ended = true;
    this.#reject(new Error('the agent ends'));
    this.#poke();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended) {
        const due = wakeAt(this.#state);
        if (due !== undefined && due <= this.means.now()) await this.#step({ kind: 'time' });
        else if (listens(this.#state)) await this.#listen();
        else await this.#rest(due);
        if (this.#state.at === 'lost') await this.#lost(this.#state);
      }
    } catch (error) {
      await this.#broke(error);
    } finally {
      this.#close();
    }
  }

  /** Until the lease is due; now and then it looks whether it is still needed. */
  async #rest(due: number | undefined): Promise<void> {
    this.#close();
    await this.#sleep(Math.min((due ?? Number.POSITIVE_INFINITY) - this.means.now(), look));
    if (!this.#ended && !(await this.isThere())) await this.#gone();
  }

  async #listen(): Promise<void> {
    await this.#sleep(this.lease === undefined ? quick : calm);
    for (const frame of this.#open?.heard() ?? []) {
      const datagram = findDatagram4(frame);
      const message = datagram === undefined ? undefined : decode4(datagram.payload);
      if (datagram === undefined || message === undefined) continue;
      if (!this.#ended) await this.#step({ kind: 'message', message, from: datagram.from });
    }
  }

  async #step(event: Event4): Promise<void> {
    const client = await this.#ready();
    if (client === undefined) {
      await this.#gone();
      return;
    }
    const moment = { now: this.means.now(), random: this.means.random() };
    const { state, actions } = step4(this.#state, event, moment, client);
    this.#state = state;
    for (const action of actions) {
      if (action.act === 'send')
        this.#open?.send(toFrame4(encode4(action.message), { mac: client.mac, ip: action.from }, action.to));
      else if (action.act === 'keep') {
        await this.means.keep(action.lease, this.#place);
        const { address, server, renewAt } = action.lease;
        const renewal = Number.isFinite(renewAt) ? new Date(renewAt).toISOString() : undefined;
        this.means.log.debug({ ...this.wish.owner, address, server, renewal }, 'a DHCP lease is there, or longer');
        this.#resolve(action.lease);
      } else await this.#open?.setDown();
    }
  }

  /** The link, open and up, and what its client is; `undefined` when it is gone. */
  async #ready(): Promise<Client4 | undefined> {
    if (this.#open !== undefined) return this.#client;
    this.#open = await this.means.links.open(this.#place, this.#state.at === 'init');
    if (this.#open === undefined) return undefined;
    const { link, identity } = this.#open;
    const { mac } = link;
    if (mac === undefined) throw new Error(`${link.name} has no MAC`);
    this.#place = { ...this.#place, identity };
    const { told, owner } = this.wish;
    const options = new Map([[opt4.clientId, clientIdOf(owner)], ...told]);
    this.#client = { mac, options, broadcast: link.detail.kind === 'ipvlan' }; // its links share one MAC
    return this.#client;
  }

  async #lost({ why, said, lease }: Extract<State4, { at: 'lost' }>): Promise<void> {
    this.#ended = true;
    const { ifName } = this.wish.place;
    const words = {
      silence: `no DHCP server answered on ${ifName}`,
      refusal: `the DHCP server refused: ${said}`,
      'no mask': 'DHCP option Subnet Mask not found in DHCPACK',
    }[why];
    this.#reject(new Error(words));
    if (lease !== undefined)
      this.means.log.error(
        { ...this.wish.owner, address: lease.address, why: words },
        'a DHCP lease ended: the interface was set down',
      );
    await this.means.forget();
  }

  async #gone(): Promise<void> {
    this.#ended = true;
    this.#reject(new Error(`there is no ${this.wish.place.ifName} in ${this.wish.place.netns}`));
    if (this.lease !== undefined)
      this.means.log.info(
        { ...this.wish.owner, address: this.lease.address },
        'the pod of a DHCP lease is gone, and nobody gave it back',
      );
    await this.means.forget();
  }

  /** What the kernel or the disk refused: with a lease it is tried again, for that is the pod's address. */
  async #broke(error: unknown): Promise<void> {
    const { message: problem } = toCniError(error);
    this.means.log.warn({ ...this.wish.owner, problem }, 'could not keep a DHCP lease');
    this.#close();
    if (this.lease === undefined) {
      this.#ended = true;
      this.#reject(new Error(problem));
      await this.means.forget().catch(() => undefined);
      return;
    }
    await this.#sleep(10_000);
    if (!this.#ended) await this.#run();
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, milliseconds));
      this.#poke = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #close(): void {
    this.#open?.close();
    this.#open = undefined;
  }
}
