/** The agent's DHCP daemon as a whole: takes the socket when no other daemon has it, loads the leases' keeper when there is something to keep. */
import type { Files, Log } from '../../attach/ports';
import type { PodLinks, Trouble } from './ports';
import { type DhcpService, serveDhcp } from './serve';

/** What it acts through. */
export interface DhcpMeans {
  readonly socket: string;
  readonly broadcast: boolean; // servers are asked to answer so
  readonly directory: string; // of the leases
  readonly bootId: string;
  readonly files: Files;
  links(): Promise<PodLinks>;
  isThere(socket: string): Promise<boolean>;
  peerUser: DhcpService['peerUser'];
  readonly users: readonly number[];
  readonly log: Log;
  /** What happened to a pod's lease. */
  tell(trouble: Trouble): void;
}

/** A daemon that runs. */
export interface RunningDhcp {
  /** Leases that are held or asked for. */
  size(): number;
  stop(): Promise<void>;
}

type Keeper = import('./keeper').Keeper;

const again = 30_000; // ms until the socket is tried again

/** Leases of an earlier agent go on at once; the rest begins with the first call. */
export async function startDhcp(means: DhcpMeans): Promise<RunningDhcp> {
  const { log } = means;
  let keeper: Promise<Keeper> | undefined;
  let known: Keeper | undefined;
  let server: { stop(): void } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const load = (): Promise<Keeper> => (keeper ??= openKeeper(means).then((opened) => (known = opened)));
  const converse: DhcpService['converse'] = async (say) => {
    const { Conversation } = await import('./conversation');
    return new Conversation(await load(), say, log);
  };
  const listen = async (): Promise<void> => {
    try {
      if (await means.isThere(means.socket)) log.info({ socket: means.socket }, 'another DHCP daemon serves this node');
      else if (!ended) {
        server = serveDhcp(means.socket, { log, peerUser: means.peerUser, users: means.users, converse });
        return;
      }
    } catch (error) {
      log.warn({ socket: means.socket, problem: (error as Error).message }, 'cannot serve DHCP');
    }
    if (!ended) timer = setTimeout(() => void listen(), again);
  };
  try {
    if ((await means.files.list(means.directory)).length > 0) await (await load()).resume();
  } catch (error) {
    log.error({ directory: means.directory, problem: (error as Error).message }, 'cannot go on with the DHCP leases');
  }
  await listen();
  return {
    size: () => known?.size ?? 0,
    async stop() {
      ended = true;
      clearTimeout(timer);
      server?.stop();
      known?.stop();
    },
  };
}

async function openKeeper({ files, log, broadcast, directory, bootId, links, tell }: DhcpMeans): Promise<Keeper> {
  const { Keeper } = await import('./keeper');
  const began = Date.now() - performance.now(); // of a clock that nobody sets back from here on
  return new Keeper({
    links: await links(),
    files,
    log,
    broadcast,
    directory,
    bootId,
    tell,
    now: () => began + performance.now(),
    random: Math.random,
  });
}
