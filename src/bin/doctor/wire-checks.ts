/** The checks that read what links and VLANs answered. Reads this node's own addresses; the network was asked once for all. */
import type { Edges } from '../../attach/ports';
import { addressOf, type Ip } from '../../net/ip';
import type { Line, Look } from './check';
import { judgeDuplicates, judgeGateways, judgeVlans, judgeWays, type Local } from './judge-wires';

export async function checkVlans({ answers, isRoot }: Look): Promise<readonly Line[]> {
  return judgeVlans(await answers(), isRoot);
}

export async function checkGateways({ answers, isRoot }: Look): Promise<readonly Line[]> {
  return judgeGateways(await answers(), isRoot);
}

export async function checkWays({ answers }: Look): Promise<readonly Line[]> {
  return judgeWays(await answers());
}

export async function checkDuplicates({ answers, edges }: Look): Promise<readonly Line[]> {
  return judgeDuplicates(await answers(), await readLocal(edges));
}

/** Whose addresses and MACs are this node's and its pods'. */
async function readLocal({ kernel, records }: Edges): Promise<Local> {
  const { whole } = await records.everything().catch(() => ({ whole: [] })); // without root: nobody's
  const links = await kernel.host.links();
  const pods = whole.flatMap(({ pod, containerId, attachments }) =>
    attachments.flatMap(({ result }) =>
      (result?.ips ?? []).map(({ address }): readonly [Ip, string] => [
        addressOf(address),
        pod === undefined ? containerId : `${pod.namespace}/${pod.name}`,
      ]),
    ),
  );
  const macs = whole.flatMap(({ attachments }) =>
    attachments.flatMap(({ result }) => (result?.interfaces ?? []).map(({ mac }) => mac)),
  );
  const all = [...macs, ...links.map(({ mac }) => mac)].filter((mac) => mac !== undefined);
  return { pods: new Map(pods), macs: new Set<string>(all) };
}
