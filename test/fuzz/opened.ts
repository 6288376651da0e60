/** The edges that the program gets in place of its own while a fuzz case runs. Touches nothing. */
import type { Edges } from '../../src/attach/ports';
import type { NetConf } from '../../src/cni/config';

let open: ((conf: NetConf) => Edges) | undefined;

/** What the program opens from now on. */
export function opens(edges: (conf: NetConf) => Edges): void {
  open = edges;
}

/** Stands for src/bin/edges. */
export function openEdges(conf: NetConf): Edges {
  if (open === undefined) throw new Error('the fuzz has no node');
  return open(conf);
}
