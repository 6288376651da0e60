/** src/kernel/sender.ts for the lean engine. Touches the sockets it is given. */
import { host } from './host';
import { unwatch, watch } from './prelude';

interface Request {
  readonly bytes: Uint8Array; // the thread reads them
  readonly resolve: (errno: number) => void;
}

const waiting: Request[] = [];

/** As of src/kernel/sender.ts. */
export const startSender = host.startSender;

/** As of src/kernel/sender.ts. */
export function sendBeside(socket: number, bytes: Uint8Array): Promise<number> | undefined {
  const told = host.send(socket, bytes);
  if (told === undefined) return undefined;
  return new Promise((resolve) => {
    if (waiting.push({ bytes, resolve }) === 1) watch(told, () => settle(told));
  });
}

function settle(told: number): void {
  for (const errno of host.sent()) waiting.shift()?.resolve(errno);
  if (waiting.length === 0) unwatch(told);
}
