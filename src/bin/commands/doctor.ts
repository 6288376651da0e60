/** `braid doctor`. Reads the node, asks gateways on the network and the cluster; writes stdout, and progress to stderr. */
import { readFileSync, statfsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { toDefinition } from '../../attach/definition';
import { readConfigured } from '../../attach/networks';
import { type NetConf, parseConfigForDel } from '../../cni/config';
import { parseNetwork } from '../../cni/network';
import { filesOf } from '../../disk/conf-dir';
import { parseManifests } from '../../disk/manifests';
import { type DoctorView, runChecks } from '../doctor';
import { openEdges } from '../edges';
import { readConfig } from '../node';
import { writeOutput } from '../stdio';
import { toDoctorText } from '../text/doctor';
import { nodeCommand, type OnNode } from './options';

interface DoctorOptions extends OnNode {
  readonly netDir: string;
}

const examples = `
Harmless: no link, address or reservation is touched. Gateways are asked by ARP or neighbour solicitation.
Needs root for the firewall and for Braid's state.
Exit status: 0 all is well, or warnings only; 1 something is bad.

Examples:
  braid doctor
  braid doctor --conf /etc/cni/net.d/00-braid.conflist -o json`;

export function register(program: Command): void {
  nodeCommand(program, 'doctor', 'check this node: kernel, masters, gateways, plugins, state, cluster')
    .option('--net-dir <dir>', "the runtime's directory of CNI configuration", '/etc/cni/net.d')
    .addHelpText('after', examples)
    .action(async ({ output, conf: file, netDir }: DoctorOptions) => {
      const verdicts = await runChecks(await look(file, netDir), progress);
      progress('');
      const coloured = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';
      const json = (): string => `${JSON.stringify(verdicts, undefined, 2)}\n`;
      writeOutput(output === 'json' ? json() : toDoctorText(verdicts, coloured));
      if (verdicts.some(({ light }) => light === 'bad')) process.exitCode = 1;
    });
}

async function look(file: string | undefined, netDir: string): Promise<DoctorView> {
  const endings = ['.conf', '.conflist', '.json'];
  const confFiles = filesOf(netDir, endings) ?? [];
  const own = file ?? confFiles.find((path) => basename(path).includes('braid'));
  const conf = parseConfigForDel(own === undefined ? '{"name":"braid","type":"braid"}' : readConfig(own));
  return {
    edges: openEdges(conf, []),
    conf,
    networks: await readAll(conf),
    confFiles: confFiles.map((path) => basename(path)),
    free: freeOf(conf.cniDir),
  };
}

/** The configured networks, and those of files; one that cannot be read is `braid lint`'s to tell. */
async function readAll(conf: NetConf): Promise<DoctorView['networks']> {
  const edges = openEdges(conf, []);
  const found: DoctorView['networks'][number][] = [];
  const tried = async (read: () => Promise<DoctorView['networks']>): Promise<void> => {
    try {
      found.push(...(await read()));
    } catch {
      // not readable
    }
  };
  await tried(() => readConfigured(undefined, conf, edges));
  for (const path of conf.networksDir.flatMap((directory) => filesOf(directory, ['.yaml', '.yml', '.json']) ?? []))
    await tried(async () =>
      (await parseManifests(readFileSync(path, 'utf8'), path)).map((one) => {
        const { config, name, namespace } = toDefinition(one);
        return { display: `${namespace}/${name}`, network: parseNetwork(config, name) };
      }),
    );
  return found;
}

function freeOf(directory: string): number | undefined {
  try {
    const { bavail, blocks } = statfsSync(directory);
    return blocks === 0 ? undefined : bavail / blocks;
  } catch {
    return undefined;
  }
}

/** One line that is written over, on a terminal only. */
function progress(name: string): void {
  if (process.stderr.isTTY !== true) return;
  process.stderr.write(`\r\u001b[K${name === '' ? '' : `checking ${name} …`}`);
}
