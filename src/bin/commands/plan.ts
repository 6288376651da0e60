/** `braid plan`. Reads manifests, configuration, the cluster and the node's links as far as asked; writes stdout. */
import { type Command, Option } from 'commander';
import type { Pod } from '../../attach/ports';
import { podsOf } from '../../disk/pod-manifests';
import { fail } from '../../error';
import { readDocuments } from '../documents';
import { withOwn } from '../own-networks';
import { planPod } from '../plan';
import { openSources, type SourceOptions, withSourceOptions } from '../plan-sources';
import { writeOutput } from '../stdio';
import { type PlanFormat, planFormats, toPlans } from '../text/plan';

interface PlanOptions extends SourceOptions {
  readonly output: PlanFormat;
  readonly namespace: string;
}

const examples = `
Examples:
  braid plan pod.yaml --networks /etc/cni/braid/networks
  braid plan pod.yaml --kubeconfig ~/.kube/config -o svg > pod.svg
  kubectl get pod web -o yaml | braid plan - --conf /etc/cni/net.d/00-braid.conflist --node`;

export function register(program: Command): void {
  withSourceOptions(program.command('plan'))
    .description('show what a pod would get, from files alone: nothing is touched, no root is needed')
    .argument('<file>', 'manifest of pods or workloads, networks may stand in it, too; - reads standard input')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(planFormats).default('table'))
    .option('-n, --namespace <name>', 'of pods that name none', 'default')
    .addHelpText('after', examples)
    .action(async (file: string, options: PlanOptions) => {
      const documents = await readDocuments(file);
      const sources = await openSources(options);
      const networks = withOwn(documents, file, sources.networks);
      const plans = [];
      for (const pod of requirePods(documents, file, options)) plans.push(await planPod(pod, { ...sources, networks }));
      writeOutput(await toPlans(plans, options.output));
    });
}

function requirePods(documents: readonly unknown[], file: string, { namespace }: PlanOptions): readonly Pod[] {
  const pods = podsOf(documents, namespace);
  return pods.length > 0
    ? pods
    : fail('ConfigInvalid', `Cannot plan ${file}: need a Pod, or a workload with a pod template, in it`);
}
