/** One pod's picture: its record, and what the kernel holds now. Reads the node's records and the pod's namespace. */
import { type PodPicture, readPicture } from '../attach/picture';
import { inSandbox } from '../attach/sandbox';
import { findRecord } from './find-record';
import { nodeEdges } from './node';

/**
 * The picture of the pod that people call so; `conf` is the node's configuration file. ContainerUnknown, with why its last ADD
 * failed when one did.
 */
export async function readPictureOf(name: string, conf: string | undefined): Promise<PodPicture> {
  const edges = nodeEdges(conf);
  const failed = await edges.records.failedPods();
  const record = findRecord(name, await edges.records.all(), failed);
  const of = record.pod === undefined ? undefined : `${record.pod.namespace}/${record.pod.name}`;
  const earlier = failed.find(({ pod }) => pod === of)?.failures;
  return await inSandbox(undefined, record, edges, ({ pod }) => readPicture(record, pod, edges.kernel.host, earlier));
}
