/** A log that does not say the same thing all day. Writes to the log behind it. */
import type { Log } from '../attach/ports';

type Level = 'debug' | 'info' | 'warn' | 'error';

const most = 500; // different messages that are remembered

/**
 * The same message about the same thing passes once in `pause` milliseconds, then with the number of those left out.
 * The thing: the fields that name one, not those that count or tell a time.
 */
export function limited(log: Log, pause: number, now: () => number = Date.now): Log {
  const seen = new Map<string, { until: number; left: number }>();
  const write = (level: Level) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    const key = JSON.stringify([level, message, ...named.map((name) => fields[name])]);
    const known = seen.get(key);
    if (known !== undefined && now() < known.until) {
      known.left += 1;
      return;
    }
    seen.delete(key);
    if (seen.size >= most) seen.delete(seen.keys().next().value ?? ''); // the one that was said longest ago
    seen.set(key, { until: now() + pause, left: 0 });
    const repeated = known?.left ?? 0;
    log[level](repeated > 0 ? { ...fields, repeated } : fields, message);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

const named = ['pod', 'network', 'containerId', 'kind', 'task', 'path', 'problem', 'reason', 'user'];
