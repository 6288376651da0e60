/** Where plan and lint get their facts from: configuration, manifests, the cluster and the node's links as far as asked. Reads those. */
import { type Command, Option } from 'commander';
import { type NetConf, parseConfig } from '../cni/config';
import { createNetworks } from '../disk/networks';
import { openKernel } from '../kernel/kernel';
import { asModelHost } from '../model/node';
import { openCluster, withCluster } from './cluster';
import { openLog } from './log';
import { readConfig } from './node';
import type { PlanSources } from './plan';

/** What both commands take. */
export interface SourceOptions {
  readonly conf?: string;
  readonly networks?: readonly string[];
  readonly kubeconfig?: string;
  readonly node: boolean;
}

/** Adds them to a command. */
export function withSourceOptions(command: Command): Command {
  return command
    .option('--networks <dirs...>', 'directories of NetworkAttachmentDefinition manifests')
    .option('--kubeconfig <file>', 'ask the cluster for networks that no file has')
    .option('--conf <file>', "the node's configuration of type braid; without it the default network is assumed")
    .addOption(
      new Option('--node', "use this node's links instead of assuming that each master exists").default(false),
    );
}

/** The sources as the options say; `more`: keys for the configuration, where no file of one is given. */
export async function openSources(options: SourceOptions, more: object = {}): Promise<PlanSources> {
  const log = openLog({ level: 'warn', file: undefined, toStderr: true });
  const conf = readConf(options, more);
  const reader = openCluster(conf, process.env, log);
  const { networksDir, confDir } = conf;
  const networks = createNetworks({ networksDirs: options.networks ?? networksDir, confDir }, log);
  return {
    conf,
    networks: withCluster(networks, reader),
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
function readConf({ conf: file, kubeconfig }: SourceOptions, more: object): NetConf {
  const conf = parseConfig(file === undefined ? JSON.stringify({ ...usual, ...more }) : readConfig(file));
  return { ...conf, kubeconfig };
}

async function readHost(): Promise<PlanSources['host']> {
  const { host } = openKernel();
  return asModelHost(await host.links(), await host.addresses(), await host.routes());
}
