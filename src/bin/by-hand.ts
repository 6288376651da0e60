/** A runtime's verb when a person says it: what a runtime would give. Pure. */
import { createHash } from 'node:crypto';
import type { Pod } from '../attach/ports';
import type { AttachRecord } from '../attach/record';
import { podAnnotationsCapability } from '../cni/config-fields';
import type { Env } from '../cni/request';
import { parseObject } from '../json';

/** What container ids of `braid add` begin with, by which `braid del` knows them. */
const mark = 'by-hand-';

/** A namespace to attach. */
export interface Wanted {
  /** A path, or the name that `ip netns` knows. */
  readonly netns: string;
  readonly ifName: string;
  /** Whose annotations ask for networks. */
  readonly pod: Pod | undefined;
  readonly binDirs: readonly string[];
}

/** The path of the namespace: a bare name is one of `ip netns`. */
export function netnsPathOf(netns: string): string {
  return netns.includes('/') ? netns : `/run/netns/${netns}`;
}

/** The container id of a namespace attached by hand, always the same: a second `braid add` finds the first. */
export function containerOf(netns: string): string {
  return `${mark}${createHash('sha256').update(netnsPathOf(netns)).digest('hex').slice(0, 12)}`;
}

/** Whether `braid add` made the record, and no runtime. */
export function isByHand({ containerId }: Pick<AttachRecord, 'containerId'>): boolean {
  return containerId.startsWith(mark);
}

/**
 * CNI_* of an ADD. The pod's uid is one that no cluster gives, so that the status of a real pod of that name is never
 * written over.
 */
export function environmentOfAdd({ netns, ifName, pod, binDirs }: Wanted): Env {
  const args =
    pod === undefined
      ? []
      : [`K8S_POD_NAMESPACE=${pod.namespace}`, `K8S_POD_NAME=${pod.name}`, `K8S_POD_UID=${containerOf(netns)}`];
  return {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: containerOf(netns),
    CNI_NETNS: netnsPathOf(netns),
    CNI_IFNAME: ifName,
    CNI_PATH: binDirs.join(':'),
    CNI_ARGS: ['IgnoreUnknown=1', ...args].join(';'),
  };
}

/** What a runtime would say of a recorded sandbox. */
export function requestOf<C extends 'CHECK' | 'DEL'>(
  command: C,
  { containerId, ifName, netns, pod }: AttachRecord,
  path: readonly string[],
) {
  const ofPod = pod && { ...pod, infraContainerId: undefined };
  return { command, containerId, ifName, netns, pod: ofPod, args: [], path, netnsOverride: false } as const;
}

/** The node's configuration as a runtime hands it over: with the pod's annotations, and networks from these directories if any. */
export function configOf(text: string, pod: Pod | undefined, networksDirs: readonly string[] | undefined): string {
  const conf = parseObject(text, 'configuration');
  return JSON.stringify({
    ...conf,
    ...(networksDirs === undefined ? {} : { networksDir: networksDirs }),
    runtimeConfig: {
      ...(conf.runtimeConfig as object | undefined),
      [podAnnotationsCapability]: pod?.annotations ?? {},
    },
  });
}
