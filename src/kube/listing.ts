/** All NetworkAttachmentDefinitions and pods of a cluster, once, for a person who asks. Asks the API server. */
import type { Files, Log } from '../attach/ports';
import { isRecord, type Json } from '../json';
import { type AccessPlace, readAccess } from './access';
import { createClient } from './client';
import type { Patience } from './patience';

const patience: Patience = { request: 30_000, total: 120_000, pause: 200 };
const pageSize = '100'; // objects: a page is in memory as a whole

const kinds = [
  {
    parts: ['apis', 'k8s.cni.cncf.io', 'v1', 'network-attachment-definitions'],
    what: 'the networks',
    type: { apiVersion: 'k8s.cni.cncf.io/v1', kind: 'NetworkAttachmentDefinition' },
  },
  { parts: ['api', 'v1', 'pods'], what: 'the pods', type: { apiVersion: 'v1', kind: 'Pod' } },
] as const;

/** Networks, then pods, each with its kind, its metadata and a network's `spec`. A kind that the cluster does not know has none. Errors as Client.get. */
export async function listObjects(place: AccessPlace, files: Files, log: Log): Promise<readonly Json[]> {
  const client = createClient(await readAccess(place, files), files, patience, log);
  const found: Json[] = [];
  for (const { parts, what, type } of kinds) {
    let next = '';
    do {
      const query = { limit: pageSize, ...(next !== '' && { continue: next }) };
      const value = await client.get(parts, what, query);
      const page = isRecord(value) ? value : {};
      const items = Array.isArray(page.items) ? page.items.filter(isRecord) : [];
      for (const { metadata, spec } of items) found.push({ ...type, metadata, ...(type.kind !== 'Pod' && { spec }) }); // a list's items have no kind
      next = isRecord(page.metadata) && typeof page.metadata.continue === 'string' ? page.metadata.continue : '';
    } while (next !== '');
  }
  return found;
}
