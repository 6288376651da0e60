/** What machine the figures are of. Reads /proc. */
import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';

/** One line each for processor, memory and kernel; no name of a host. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memory: string;
  readonly kernel: string;
}

export function machine(): Machine {
  const processor = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
  return {
    processor,
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release().split('-')[0]}`,
  };
}
