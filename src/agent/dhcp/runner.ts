/** Keeps one lease: sends what the state machine wants, hears answers, sleeps between. Acts through the pod's link. */
import type { Lease, Lost } from '../../dhcp/life';
import type { Action, Event, Life } from '../../dhcp/living';
import { toCniError } from '../../error';
import type { OpenLink, Place, RunnerMeans, Trouble, Wish } from './ports';
import { endOf, tellTrouble, wordsOf } from './trouble';

const quick = 10; // ms between looks at the socket, while a pod waits
const calm = 100; // ms, when nobody waits
const look = 300_000; // ms between looks whether the pod is still there

/** One lease from its first question to its end. */
export class Runner {
  #place: Place;
  #open: OpenLink | undefined;
  #ended = false;
  #seen: boolean; // the address, on the link
  #poke: () => void = () => undefined;
  readonly #done: Promise<void>;
  /** The first lease; rejects with the reason in words when there is none. */
  readonly first: Promise<Lease>;
  #resolve!: (lease: Lease) => void;
  #reject!: (why: Error) => void;

  constructor(
    readonly wish: Wish,
    readonly life: Life,
    readonly means: RunnerMeans,
  ) {
    const { lease } = life;
    this.#seen = lease !== undefined;
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
  get lease(): Lease | undefined {
    return this.life.lease;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the pod and its link are still there; else the lease is over. */
  async isThere(): Promise<boolean> {
    return this.#open !== undefined || (await this.means.links.addresses(this.#place)) !== undefined;
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
        const due = this.life.wakeAt;
        if (due !== undefined && due <= this.means.now()) await this.#step({ kind: 'time' });
        else if (this.life.listens) await this.#listen();
        else await this.#rest(due);
        if (this.life.lost !== undefined) await this.#lost(this.life.lost);
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
    if (this.#ended) return;
    const addresses = await this.means.links.addresses(this.#place);
    if (addresses === undefined) await this.#gone();
    else if (this.lease !== undefined) this.#compare(this.lease, addresses.includes(this.lease.address));
  }

  /** An address that somebody took away is told of once. Its lease goes on: nobody else gets it while the pod may want it back. */
  #compare({ address }: Lease, isThere: boolean): void {
    if (this.#seen && !isThere) this.#tell('missing', `${address} is not on ${this.wish.place.ifName} any more`);
    this.#seen = isThere;
  }

  async #listen(): Promise<void> {
    await this.#sleep(this.lease === undefined ? quick : calm);
    for (const bytes of this.#open?.heard() ?? []) if (!this.#ended) await this.#step({ kind: 'heard', bytes });
  }

  async #step(event: Event): Promise<void> {
    const open = await this.#ready();
    if (open === undefined) return await this.#gone();
    const { mac, name, detail } = open.link;
    if (mac === undefined) throw new Error(`${name} has no MAC`);
    const moment = { now: this.means.now(), random: this.means.random() };
    const broadcast = this.means.broadcast || detail.kind === 'ipvlan'; // others have its MAC, too
    for (const deed of this.life.step(event, moment, { mac, broadcast })) await this.#act(deed, open);
  }

  async #act(deed: Action, open: OpenLink): Promise<void> {
    switch (deed.act) {
      case 'send':
        return await open.send(deed.bytes);
      case 'probe':
        return await this.#step({ kind: 'probed', holder: await open.findHolder(deed.address) });
      case 'keep':
        return await this.#keep(deed.lease);
      case 'refused':
        return this.#tell(
          'refused',
          `The lease of ${this.lease?.address} is not renewed, ${deed.said}; the pod has the address until it ends`,
        );
      case 'drop':
        return await this.#drop(open);
    }
  }

  async #keep(lease: Lease): Promise<void> {
    await this.means.keep(lease, this.#place);
    const { address, server, renewAt } = lease;
    const renewal = Number.isFinite(renewAt) ? new Date(renewAt).toISOString() : undefined;
    this.means.log.debug({ ...this.wish.owner, address, server, renewal }, 'a DHCP lease is there, or longer');
    this.#resolve(lease);
  }

  /** The link goes down, so that nobody uses what may be another's; a link with a second lease loses the address alone. */
  async #drop(open: OpenLink): Promise<void> {
    const address = this.life.lost?.lease?.address;
    if (address !== undefined && this.wish.isOneOfTwo) await open.remove(address);
    else await open.setDown();
  }

  /** The link, open and up; `undefined` when it is gone. */
  async #ready(): Promise<OpenLink | undefined> {
    const { family } = this.wish.told;
    this.#open ??= await this.means.links.open(this.#place, { family, up: this.life.isNew });
    if (this.#open !== undefined) this.#place = { ...this.#place, identity: this.#open.identity };
    return this.#open;
  }

  #tell(what: Trouble['what'], problem: string): void {
    tellTrouble(what, problem, this.wish, this.means);
  }

  async #lost(lost: Lost): Promise<void> {
    this.#ended = true;
    this.#reject(new Error(wordsOf(lost, this.wish)));
    if (lost.lease !== undefined) this.#tell('expired', endOf(lost.lease, lost, this.wish));
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
