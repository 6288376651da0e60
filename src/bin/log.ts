/** The log of one call: pino, loaded when the first message is really written. Writes to stderr or a file. */
import type { Log } from '../attach/ports';

/** Where messages go and from which level on. */
export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly file: string | undefined;
  readonly toStderr: boolean;
}

type Level = 'debug' | 'info' | 'warn' | 'error';
type Fields = Readonly<Record<string, unknown>>;

const order: readonly LogSettings['level'][] = ['debug', 'info', 'warn', 'error', 'silent'];

/** A log that costs nothing until it has something to say. */
export function openLog(settings: LogSettings): Log {
  let writers: readonly Log[] | undefined;
  const write = (level: Level) => (fields: Fields, message: string) => {
    if (order.indexOf(level) < order.indexOf(settings.level)) return;
    writers ??= open(settings);
    for (const writer of writers) writer[level](fields, message);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function open({ level, file, toStderr }: LogSettings): readonly Log[] {
  const { pino } = require('pino') as typeof import('pino');
  const options = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  const targets = [...(toStderr ? [2] : []), ...(file === undefined ? [] : [file])];
  return targets.map((dest) => pino(options, pino.destination({ dest, sync: true, append: true, mkdir: true })));
}
