/** The part of pino that src/bin/log.ts uses, for the lean engine, with the same lines. Writes to files and stderr. */
import { constants, mkdirSync, openSync, writeSync } from '../kernel/fs';
import { dirname } from '../path';

const levels = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
} as const;

interface Options {
  readonly level: keyof typeof levels;
  readonly base: Readonly<Record<string, unknown>>;
  readonly timestamp: () => string;
}

interface Destination {
  readonly dest: string | number;
}

/** A logger: a method for each level, which takes fields and a message. */
export function pino({ level, base, timestamp }: Options, fd: number) {
  const write = (name: keyof typeof levels) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (levels[name] < levels[level]) return;
    const head = `{"level":${levels[name]}${timestamp()}`;
    const rest = JSON.stringify({ ...base, ...withError(fields), msg: message }).slice(1);
    writeAll(fd, Buffer.from(`${head},${rest}\n`));
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

pino.stdTimeFunctions = { isoTime: () => `,"time":"${new Date().toISOString()}"` };

/** The open file. */
pino.destination = ({ dest }: Destination): number => {
  if (typeof dest === 'number') return dest;
  mkdirSync(dirname(dest), { recursive: true });
  return openSync(dest, constants.O_WRONLY | constants.O_CREAT | appending, 0o666);
};

const appending = 0o2000; // O_APPEND of asm-generic/fcntl.h

/** An error as pino tells it under the key `err`. */
function withError(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { err } = fields;
  if (!(err instanceof Error)) return fields;
  return { ...fields, err: { ...err, type: err.constructor.name, message: err.message, stack: err.stack } };
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes.subarray(at));
}
