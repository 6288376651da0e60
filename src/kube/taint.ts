/** Takes the taint off this node that keeps pods away until Braid is ready. Asks and changes the API server. */
import type { Files, Log } from '../attach/ports';
import { fail } from '../error';
import { isRecord, type Json } from '../json';
import { type AccessPlace, identity, readAccess, readCredentials } from './access';
import { type Outcome, outcomeOf } from './answer';
import { connectionOutcome, createClient, urlOf } from './client';
import type { Patience } from './patience';
import { send } from './request';

const key = 'braid.dev/not-ready';
const patience: Patience = { request: 5000, total: 5000, pause: 200 };

/**
 * Every taint of that key goes, whatever its effect; none is success. Somebody else's change in between is noticed (the
 * patch tests what it removes), and is a failure to be tried again. Errors as Client.get.
 */
export async function removeTaint(place: AccessPlace, node: string, files: Files, log: Log): Promise<void> {
  const access = await readAccess(place, files);
  const parts = ['api', 'v1', 'nodes', node];
  const found = await createClient(access, files, patience, log).get(parts, `node ${node}`);
  const patch = planPatch(found);
  if (patch.length === 0) return;
  const credentials = await readCredentials(access, files);
  const outcome = await patched().catch((cause: unknown) =>
    connectionOutcome(cause, access, credentials, patience.request),
  );
  if (outcome.kind === 'found') return log.info({ node, taint: key }, 'the node is ready: its taint is gone');
  const problem = outcome.kind === 'missing' ? 'there is no such node' : outcome.problem;
  const reason = 'reason' in outcome ? outcome.reason : 'PodUnavailable';
  fail(reason, `Cannot remove the taint ${key} of node ${node} at ${access.server}: ${problem}`);

  async function patched(): Promise<Outcome> {
    const response = await send(urlOf(access.server, parts), access, credentials, {
      accept: 'application/json',
      signal: AbortSignal.timeout(patience.request),
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      body: JSON.stringify(patch),
    });
    return outcomeOf(response, await response.text(), identity(access));
  }
}

/** JSON Patch (RFC 6902), the last one first so that indexes stay true. */
function planPatch(node: unknown): readonly Json[] {
  const spec = isRecord(node) && isRecord(node.spec) ? node.spec : {};
  const taints: readonly unknown[] = Array.isArray(spec.taints) ? spec.taints : [];
  return taints
    .map((value, index) => ({ value, path: `/spec/taints/${index}` }))
    .filter(({ value }) => isRecord(value) && value.key === key)
    .toReversed()
    .flatMap(({ value, path }) => [
      { op: 'test', path, value },
      { op: 'remove', path },
    ]);
}
