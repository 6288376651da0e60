/** `braid add`. Reads manifests and the node's configuration, attaches a namespace as for a runtime, writes stdout. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Pod } from '../../attach/ports';
import { parseRequest } from '../../cni/request';
import { podsOf } from '../../disk/pod-manifests';
import { fail } from '../../error';
import { configOf, containerOf, environmentOfAdd } from '../by-hand';
import { readDocuments } from '../documents';
import { readConfig } from '../node';
import { readPictureOf } from '../picture';
import { serve } from '../serve';
import { writeOutput } from '../stdio';
import { type ShowFormat, showFormats, toShow } from '../text/show';
import { nodeConf, onRuntimeNode, type RuntimeNode } from './options';

interface AddOptions extends RuntimeNode {
  readonly output: ShowFormat | 'result';
  readonly pod?: string;
  readonly networks?: readonly string[];
  readonly ifname: string;
}

const examples = `
Needs root. The network namespace must be there: ip netns add lab. A second time changes nothing.

Examples:
  braid add lab --pod pod.yaml
  braid add /run/netns/lab --pod pod.yaml --networks conf/networks --conf conf/braid.conflist -o result
  braid del lab`;

export function register(program: Command): void {
  onRuntimeNode(program.command('add'))
    .description('attach a network namespace to its networks, as a runtime would: without a pod, for a try')
    .argument('<netns>', 'path of the namespace, or its name for ip netns')
    .addOption(
      new Option('-o, --output <format>', 'how to print; result: the CNI result')
        .choices([...showFormats, 'result'])
        .default('text'),
    )
    .option('--pod <file>', 'manifest of one pod or workload, whose annotations ask for networks; - is standard input')
    .option(
      '--networks <dirs...>',
      "directories of NetworkAttachmentDefinition manifests, instead of the configuration's",
    )
    .option('--ifname <name>', "the default network's interface", 'eth0')
    .addHelpText('after', examples)
    .action(async (netns: string, options: AddOptions) => {
      const { output, ifname, binDir, conf = nodeConf } = options;
      const pod = options.pod === undefined ? undefined : await readPod(options.pod);
      const networks = options.networks?.map((directory) => path.resolve(directory));
      const request = parseRequest(environmentOfAdd({ netns, ifName: ifname, pod, binDirs: binDir }));
      const result = await serve(request, configOf(readConfig(conf), pod, networks), () => undefined);
      writeOutput(
        output === 'result'
          ? `${result}\n`
          : toShow(await readPictureOf(containerOf(netns), conf), output, process.stdout.columns ?? 100),
      );
    });
}

async function readPod(file: string): Promise<Pod> {
  const [pod, ...others] = podsOf(await readDocuments(file), 'default');
  if (pod === undefined)
    return fail('ConfigInvalid', `Cannot use ${file}: need a Pod, or a workload with a pod template, in it`);
  return others.length === 0
    ? pod
    : fail('ConfigInvalid', `Cannot use ${file}: need one pod, it has ${others.length + 1}`);
}
