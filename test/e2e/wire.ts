/** Looks at the frames on a link, with their tags, as tcpdump tells of them. Starts tcpdump in the namespace given. */
import { spawn } from 'node:child_process';
import { expect } from 'vitest';

const patience = 30_000; // ms; a guest under load is slow, and a wait that is met ends at once

/** A namespace by its path; `undefined`: the test's own. */
export interface Place {
  readonly path: string | undefined;
}

/**
 * Runs `work` and returns the frames that the link carried, one line each (`… ethertype 802.1Q (0x8100), … vlan 100, …`), up to the
 * first by which every one of `awaited` was there: a frame that is sent last proves that those before it have been seen.
 */
export async function framesOn(
  place: Place,
  link: string,
  awaited: RegExp | readonly RegExp[],
  work: () => unknown,
): Promise<readonly string[]> {
  const command = ['tcpdump', '-p', '-e', '-n', '-l', '-s', '128', '-i', link];
  const [program = '', ...args] = place.path === undefined ? command : ['nsenter', `--net=${place.path}`, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let told = '';
  let ended: string | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('close', (code) => {
    ended ??= `exit status ${code}`;
  });
  const until = async (what: string, done: () => boolean): Promise<void> => {
    for (const end = performance.now() + patience; !done(); await Bun.sleep(10))
      if (ended !== undefined || performance.now() > end)
        expect.fail(`no ${what} on ${link} (${ended ?? 'waited long'}): ${told}${text}`);
  };
  try {
    await until('tcpdump', () => told.includes('listening on'));
    await work();
    const wanted = [awaited].flat();
    const lines = (): string[] =>
      text
        .slice(0, text.lastIndexOf('\n') + 1)
        .trim()
        .split('\n');
    const places = (): number[] => wanted.map((each) => lines().findIndex((line) => each.test(line)));
    await until(`frame like ${wanted.join(' and ')}`, () => !places().includes(-1));
    return lines().slice(0, Math.max(...places()) + 1);
  } finally {
    child.kill();
  }
}
