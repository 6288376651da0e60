/** What a pod would get otherwise than from Multus, and what is there of other systems. Acts on the model only. */
import type { Pod } from '../attach/ports';
import { typeOf } from '../cni/network';
import { toCniError } from '../error';
import { isRecord, type Json, record } from '../json';
import { mainTable } from '../net/route';
import type { Attachment } from '../pod/attachment';
import { askInstead, systemOf } from '../pod/other-systems';
import { attachmentsOf, findBuiltIn, type Plan, type PlanSources, planPod } from './plan';

/** One thing that is not as it was. */
export interface Difference {
  /** The interface that it is about. */
  readonly ifName: string;
  readonly what: string;
  readonly why: string;
}

/** What moving to Braid means for one pod. */
export interface PodMigration {
  readonly pod: string;
  /** Why Braid would not start it, which Multus might have; undefined: it starts. */
  readonly refused: string | undefined;
  readonly differences: readonly Difference[];
  /** What attaches each interface: in Braid itself, or an executable of the CNI directory. */
  readonly delegates: readonly { readonly ifName: string; readonly type: string; readonly builtIn: boolean }[];
  readonly warnings: readonly string[];
}

/** Something of a system that Braid does not read. */
export interface OtherSystem {
  readonly where: string;
  readonly what: string;
  readonly instead: string;
}

/** Compares what Braid would do for the pod with what Multus 4 does (docs/compatibility.md). Never throws for a pod that is refused. */
export async function migrationOf(pod: Pod, sources: PlanSources): Promise<PodMigration> {
  const name = `${pod.namespace}/${pod.name}`;
  try {
    const attachments = await attachmentsOf(pod, sources);
    const plan = await planPod(pod, sources);
    const delegates = attachments.flatMap(({ ifName, plugins }) =>
      plugins.map(typeOf).map((type) => ({ ifName, type, builtIn: findBuiltIn(sources.conf, type) !== undefined })),
    );
    const differences = attachments
      .filter(({ isDefault }) => !isDefault)
      .flatMap((one) => differencesOf(one, plan, sources));
    return { pod: name, refused: undefined, differences, delegates, warnings: plan.warnings };
  } catch (error) {
    return { pod: name, refused: toCniError(error).problem, differences: [], delegates: [], warnings: [] };
  }
}

function differencesOf(one: Attachment, plan: Plan, { conf }: PlanSources): readonly Difference[] {
  const { ifName, plugins } = one;
  const behind = plan.routes.filter(
    ({ dst, dev, table, metric }) => dst === 'default' && dev === ifName && table === mainTable && metric !== undefined,
  );
  const declares = (capability: string): boolean =>
    plugins.some(({ capabilities }) => isRecord(capabilities) && record(capabilities)[capability] === true);
  const undeclared = [...(one.asked.ips.length > 0 ? ['ips'] : []), ...(one.asked.mac === undefined ? [] : ['mac'])];
  const found: readonly (Omit<Difference, 'ifName'> | false)[] = [
    behind.length > 0 && {
      what: `its default route has metric ${behind.map(({ metric }) => metric).join(' and ')}: the default network keeps the pod's`,
      why: 'with Multus the last network takes the default route over; "defaultRouteGuard": false does so here',
    },
    (one.defaultRoute ?? []).length > 0 &&
      conf.clusterCIDRs.length > 0 && {
        what: `${conf.clusterCIDRs.join(', ')} stay with the default network`,
        why: 'with Multus default-route takes cluster DNS and services along',
      },
    one.isolated && {
      what: 'the pod does not forward between this network and others, and answers ARP for its own addresses only',
      why: 'Multus leaves networks open to each other; "isolation": false in the network does so here',
    },
    ...undeclared
      .filter((capability) => !declares(capability))
      .map((capability) => ({
        what: `${capability} of the annotation is honoured`,
        why: `Multus drops it: the network does not declare the capability ${capability}`,
      })),
    ...['portMappings', 'bandwidth'].filter(declares).map((capability) => ({
      what: `the runtime's ${capability} go to the default network only`,
      why: 'Multus hands them to every network; a host port belongs to one',
    })),
    plugins.some((plugin) => typeOf(plugin) === 'sbr') && {
      what: "its subnet's route stays in the main table, too",
      why: 'unbound sockets reach the subnet; "addSourceHints": false takes it out',
    },
  ];
  return found.filter((each) => each !== false).map((each) => ({ ifName, ...each }));
}

/** Kinds of objects that define networks elsewhere. */
const otherKinds: Readonly<Record<string, string>> = {
  DanmNet: 'DANM',
  TenantNetwork: 'DANM',
  ClusterNetwork: 'DANM',
  TenantConfig: 'DANM',
  LogicalNetwork: 'CNI-Genie',
  PhysicalNetwork: 'CNI-Genie',
};

/** What CNI-Genie, DANM or Knitter would read of these pods and documents. */
export function otherSystemsIn(pods: readonly Pod[], documents: readonly unknown[]): readonly OtherSystem[] {
  const annotated = pods.flatMap(({ namespace, name, annotations }) =>
    Object.keys(annotations).flatMap((key) => {
      const system = systemOf(key);
      if (system === undefined) return [];
      return { where: `pod ${namespace}/${name}`, what: `annotation ${key} of ${system}`, instead: askInstead };
    }),
  );
  const defined = documents.filter(isRecord).flatMap((document) => {
    const { kind, apiVersion, metadata } = record(document);
    const system =
      typeof kind === 'string' && /^(danm|alpha\.network)\./.test(String(apiVersion)) ? otherKinds[kind] : undefined;
    return system === undefined
      ? []
      : {
          where: `${String(kind)} ${String(isRecord(metadata) ? (metadata as Json).name : '')}`,
          what: `a network of ${system}`,
          instead: 'write a NetworkAttachmentDefinition',
        };
  });
  return [...annotated, ...defined];
}
