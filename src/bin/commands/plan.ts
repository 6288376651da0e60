/** `braid plan`. Reads manifests, configuration, the cluster and the node's links as far as asked; writes stdout. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { toDefinition } from '../../attach/definition';
import type { Log, Networks, Pod } from '../../attach/ports';
import { type NetConf, parseConfig } from '../../cni/config';
import { manifestsOf, parseDocuments } from '../../disk/manifests';
import { createNetworks } from '../../disk/networks';
import { podsOf } from '../../disk/pod-manifests';
import { fail } from '../../error';
import { openKernel } from '../../kernel/kernel';
import { asModelHost } from '../../model/node';
import { openCluster, withCluster } from '../cluster';
import { openLog } from '../log';
import { readConfig } from '../node';
import { type PlanSources, planPod } from '../plan';
import { writeOutput } from '../stdio';
import { type PlanFormat, planFormats, toPlans } from '../text/plan';

interface PlanOptions {
  readonly output: PlanFormat;
  readonly conf?: string;
  readonly networks?: readonly string[];
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly node: boolean;
}

const examples = `
Examples:
  braid plan pod.yaml --networks /etc/cni/braid/networks
  braid plan pod.yaml --kubeconfig ~/.kube/config -o svg > pod.svg
  kubectl get pod web -o yaml | braid plan - --conf /etc/cni/net.d/00-braid.conflist --node`;

export function register(program: Command): void {
  program
    .command('plan')
    .description('show what a pod would get, from files alone: nothing is touched, no root is needed')
    .argument('<file>', 'manifest of pods or workloads, networks may stand in it, too; - reads standard input')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(planFormats).default('table'))
    .option('--networks <dirs...>', 'directories of NetworkAttachmentDefinition manifests')
    .option('--kubeconfig <file>', 'ask the cluster for networks that no file has')
    .option('--conf <file>', "the node's configuration of type braid; without it the default network is assumed")
    .option('-n, --namespace <name>', 'of pods that name none', 'default')
    .option('--node', "use this node's links instead of assuming that each master exists", false)
    .addHelpText('after', examples)
    .action(async (file: string, options: PlanOptions) => {
      const documents = await readDocuments(file);
      const sources = await openSources(documents, file, options);
      const plans = [];
      for (const pod of requirePods(documents, file, options)) plans.push(await planPod(pod, sources));
      writeOutput(await toPlans(plans, options.output));
    });
}

async function readDocuments(file: string): Promise<readonly unknown[]> {
  return parseDocuments(readFileSync(file === '-' ? 0 : file, 'utf8'), file === '-' ? 'standard input' : file);
}

function requirePods(documents: readonly unknown[], file: string, { namespace }: PlanOptions): readonly Pod[] {
  const pods = podsOf(documents, namespace);
  return pods.length > 0
    ? pods
    : fail('ConfigInvalid', `Cannot plan ${file}: need a Pod, or a workload with a pod template, in it`);
}

async function openSources(documents: readonly unknown[], file: string, options: PlanOptions): Promise<PlanSources> {
  const log = openLog({ level: 'warn', file: undefined, toStderr: true });
  const conf = readConf(options);
  const reader = openCluster(conf, process.env, log);
  const networks = withCluster(openNetworks(documents, file, conf, options, log), reader);
  return {
    conf,
    networks,
    cluster: reader ?? { findPod: async () => undefined },
    host: options.node ? await readHost() : undefined,
    defaultAssumed: options.conf === undefined,
  };
}

/** What a node has that nobody has described: a cluster network on a bridge. */
const usual = {
  cniVersion: '1.0.0',
  name: 'braid',
  type: 'braid',
  delegates: [
    {
      cniVersion: '1.0.0',
      name: 'cluster',
      type: 'bridge',
      bridge: 'cni0',
      isDefaultGateway: true,
      ipam: { type: 'host-local', subnet: '10.244.0.0/24' },
    },
  ],
};

/** The kubeconfig of the command counts; the node's own would be the node's to read. */
function readConf({ conf: file, kubeconfig }: PlanOptions): NetConf {
  const conf = parseConfig(file === undefined ? JSON.stringify(usual) : readConfig(file));
  return { ...conf, kubeconfig };
}

/** Networks of the pod's own file first. */
function openNetworks(
  documents: readonly unknown[],
  file: string,
  { networksDir, confDir }: NetConf,
  { networks: directories }: PlanOptions,
  log: Log,
): Networks {
  const own = documents.flatMap((document) => manifestsOf(document, file));
  const others = createNetworks({ networksDirs: directories ?? networksDir, confDir }, log);
  return {
    ...others,
    async find(namespace, name) {
      const found = own.findLast((one) => one.namespace === namespace && one.name === name);
      return found === undefined ? await others.find(namespace, name) : toDefinition(found);
    },
  };
}

async function readHost(): Promise<PlanSources['host']> {
  const { host } = openKernel();
  return asModelHost(await host.links(), await host.addresses(), await host.routes());
}
