/** A thread that hands requests to the kernel while the program goes on: the full runtime has none. Touches nothing. */

/** Starts the thread, which takes a moment: it is to be there when something is sent. */
export function startSender(): void {}

/**
 * Sends bytes by a socket after those that were given before, whichever the socket. Resolves when the kernel has worked the request off, which it
 * does while they are sent: with 0, or with the number of the error. `undefined`: no thread, nothing is sent.
 */
export function sendBeside(_socket: number, _bytes: Uint8Array): Promise<number> | undefined {
  return undefined;
}
