/** UDP between two namespaces, by sockets of this process. Touches those namespaces' networks. */
import { findNamespace, inside } from '../../src/kernel/namespace';
import { netnsPath } from '../../src/net/names';

/** A namespace by its path; without one, that of this process. */
export interface Place {
  readonly path: string | undefined;
}

/** Whether a datagram from one namespace to an address of the other comes back within that time (milliseconds). */
export async function echo(
  from: Place,
  to: Place,
  address: string,
  options: { readonly source?: string; readonly patience?: number } = {},
): Promise<boolean> {
  const any = address.includes(':') ? '::' : '0.0.0.0';
  let answered = false;
  const server = await within(to, () =>
    Bun.udpSocket({
      hostname: address,
      port: 0,
      socket: { data: (socket, data, port, sender) => void socket.send(data, port, sender) },
    }),
  );
  const client = await within(from, () =>
    Bun.udpSocket({
      hostname: options.source ?? any,
      port: 0,
      socket: {
        data: () => {
          answered = true;
        },
      },
    }),
  );
  try {
    const end = performance.now() + (options.patience ?? 2000);
    while (!answered && performance.now() < end) {
      try {
        client.send('echo', server.port, address);
      } catch {
        // no route: no answer
      }
      await Bun.sleep(20);
    }
    return answered;
  } finally {
    client.close();
    server.close();
  }
}

/** Sockets belong to the namespace in which they are opened, and Bun opens them at once. */
function within<T>({ path }: Place, open: () => T): T {
  if (path === undefined) return open();
  const fd = findNamespace(netnsPath(path));
  if (fd === undefined) throw new Error(`no namespace at ${path}`);
  return inside(fd, open);
}
