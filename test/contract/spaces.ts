/** A kernel whose namespaces are wrapped, each as it is handed out. Touches nothing itself. */
import type { Kernel, Netns } from '../../src/attach/ports';

export function withSpaces(kernel: Kernel, wrap: (netns: Netns) => Netns): Kernel {
  return {
    host: wrap(kernel.host),
    open: async (...args) => wrap(await kernel.open(...args)),
    find: async (path) => {
      const found = await kernel.find(path);
      return found === undefined ? undefined : wrap(found);
    },
    overlapping: (work) => kernel.overlapping(work),
  };
}
