/** One question of the lean engine (src/lean/full.ts) to edges that it lacks. Reads stdin, writes stdout, ends the process. */
import type { DhcpCall, Log } from '../attach/ports';
import { files } from '../disk/files';
import { type CniError, toCniError } from '../error';
import { createDhcpDaemon } from '../exec/dhcp-daemon';
import type { AccessPlace } from '../kube/access';
import { createPublisher, type PublisherOptions } from '../kube/publisher';
import type { PodEvent, PodIdentity } from '../pod/event';
import { readInput, writeOutput } from './stdio';

/** Calls of a publisher's methods, which are made side by side. */
interface ForPublisher {
  readonly place: AccessPlace;
  readonly options: PublisherOptions;
  readonly calls: readonly PublisherCall[];
}

/** One of them. */
export type PublisherCall =
  | { readonly method: 'writeStatus'; readonly given: readonly [PodIdentity, string] }
  | { readonly method: 'writeEvent'; readonly given: readonly [PodEvent] };

interface ForDhcp<T> {
  readonly timeout: number;
  readonly path: readonly string[];
  readonly given: T;
}

type Logged = readonly [level: keyof Log, fields: object, message: string];

const logged: Logged[] = [];
const keep =
  (level: keyof Log) =>
  (fields: object, message: string): void =>
    void logged.push([level, fields, message]);
const log: Log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };

/** What became of each. */
async function publish({ place, options, calls }: ForPublisher): Promise<readonly Outcome[]> {
  const publisher = createPublisher(place, files, log, options);
  const make = (call: PublisherCall): Promise<unknown> =>
    call.method === 'writeStatus' ? publisher.writeStatus(...call.given) : publisher.writeEvent(...call.given);
  return await Promise.all(calls.map((call) => outcomeOf(make(call))));
}

const dhcp = ({ timeout, path }: ForDhcp<unknown>) => createDhcpDaemon(timeout, path);

/** By the question's name. */
const questions = {
  publish,
  'dhcp.allocate': (asked: ForDhcp<DhcpCall>) => dhcp(asked).allocate(asked.given),
  'dhcp.release': (asked: ForDhcp<DhcpCall>) => dhcp(asked).release(asked.given),
  'dhcp.isThere': (asked: ForDhcp<string>) => dhcp(asked).isThere(asked.given),
} as const;

/** A question's name. */
export type Question = keyof typeof questions;

/** What a promise gave, or what the CniError is made of that it failed with. */
export interface Outcome {
  readonly result?: unknown;
  readonly failed?: Pick<CniError, 'reason' | 'problem' | 'code' | 'details' | 'errno' | 'words' | 'where'>;
}

async function outcomeOf(work: Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await work };
  } catch (error) {
    const { reason, problem, code, details, errno, words, where } = toCniError(error);
    return { failed: { reason, problem, code, details, errno, words, where } };
  }
}

/** Answers an Outcome, with what was to be logged. */
export async function answerQuestion(question: string): Promise<never> {
  const answer = questions[question as Question] as (asked: unknown) => Promise<unknown>;
  const outcome = await outcomeOf(Promise.resolve().then(() => answer(JSON.parse(readInput()))));
  writeOutput(JSON.stringify({ ...outcome, logged }));
  process.exit(0);
}
