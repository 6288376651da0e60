/** One pod's picture: its record, and what the kernel holds now. Reads the node's records and the pod's namespace. */
import { type PodPicture, readPicture } from '../attach/picture';
import { inSandbox } from '../attach/sandbox';
import { findRecord } from './find-record';
import { nodeEdges } from './node';

/** The picture of the pod that people call so; `conf` is the node's configuration file. ContainerUnknown. */
export async function readPictureOf(name: string, conf: string | undefined): Promise<PodPicture> {
  const edges = nodeEdges(conf);
  const record = findRecord(name, await edges.records.all());
  return await inSandbox(undefined, record, edges, ({ pod }) => readPicture(record, pod, edges.kernel.host));
}
