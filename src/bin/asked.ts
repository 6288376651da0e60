/** One question of the lean engine (src/lean/full.ts) to edges that it lacks. Reads stdin, writes stdout, ends the process. */
import type { DhcpCall, Log } from '../attach/ports';
import { files } from '../disk/files';
import { toCniError } from '../error';
import { createDhcpDaemon } from '../exec/dhcp-daemon';
import type { AccessPlace } from '../kube/access';
import { createPublisher, type PublisherOptions } from '../kube/publisher';
import type { PodEvent, PodIdentity } from '../pod/event';
import { readInput, writeOutput } from './stdio';

/** What a publisher is made of, and what it is to publish. */
interface ForPublisher<T> {
  readonly place: AccessPlace;
  readonly options: PublisherOptions;
  readonly given: T;
}

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

const publisher = ({ place, options }: ForPublisher<unknown>) => createPublisher(place, files, log, options);
const dhcp = ({ timeout, path }: ForDhcp<unknown>) => createDhcpDaemon(timeout, path);

/** By the question's name: an edge and its method. */
const questions = {
  'publisher.writeStatus': (asked: ForPublisher<[PodIdentity, string]>) => publisher(asked).writeStatus(...asked.given),
  'publisher.writeEvent': (asked: ForPublisher<[PodEvent]>) => publisher(asked).writeEvent(...asked.given),
  'dhcp.allocate': (asked: ForDhcp<DhcpCall>) => dhcp(asked).allocate(asked.given),
  'dhcp.release': (asked: ForDhcp<DhcpCall>) => dhcp(asked).release(asked.given),
  'dhcp.isThere': (asked: ForDhcp<string>) => dhcp(asked).isThere(asked.given),
} as const;

/** A question's name. */
export type Question = keyof typeof questions;

/** Answers `{ result, logged }`, or `{ failed, logged }` with what a CniError is made of. */
export async function answerQuestion(question: string): Promise<never> {
  const answer = questions[question as Question] as (asked: unknown) => Promise<unknown>;
  try {
    const result = await answer(JSON.parse(readInput()));
    writeOutput(JSON.stringify({ result, logged }));
  } catch (error) {
    const { reason, problem, code, details, errno, words, where } = toCniError(error);
    writeOutput(JSON.stringify({ failed: { reason, problem, code, details, errno, words, where }, logged }));
  }
  process.exit(0);
}
