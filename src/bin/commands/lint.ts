/** `braid lint`. Reads manifests and configuration files, the cluster when asked; writes stdout. */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { filesOf } from '../../disk/conf-dir';
import { files as diskFiles } from '../../disk/files';
import { readNamed } from '../documents';
import { type LintFile, lintFiles, toObjectFile } from '../lint';
import { openLog } from '../log';
import { openSources, type SourceOptions, withSourceOptions } from '../plan-sources';
import { writeOutput } from '../stdio';
import { toLintJson, toLintText, toSarif } from '../text/lint';
import { version } from '../version';

interface LintOptions extends SourceOptions {
  readonly output: 'text' | 'json' | 'sarif';
  readonly strict: boolean;
}

const endings = ['.yaml', '.yml', '.json', '.conf', '.conflist'];

const examples = `
Exit status: 0 nothing to fix, 1 errors (with --strict also warnings).

Examples:
  braid lint conf/networks/*.yaml
  braid lint manifests/ --strict -o sarif > braid.sarif
  braid lint --kubeconfig ~/.kube/config
  braid lint pod.yaml --networks /etc/cni/braid/networks --conf /etc/cni/net.d/00-braid.conflist`;

export function register(program: Command): void {
  withSourceOptions(program.command('lint'))
    .description('check network definitions, pods and CNI configuration files, with line and column')
    .argument(
      '[files...]',
      'files, or directories of them; - reads standard input; none with --kubeconfig: the whole cluster',
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json', 'sarif']).default('text'))
    .option('--strict', 'warnings count as errors', false)
    .addHelpText('after', examples)
    .action(async (paths: readonly string[], options: LintOptions) => {
      const whole = paths.length === 0 && options.kubeconfig !== undefined;
      if (paths.length === 0 && !whole) program.error('braid lint: name files, or the cluster with --kubeconfig');
      const files = whole ? await clusterFiles(options) : paths.flatMap(expanded).map(toFile);
      const of = whole ? 'object' : 'file';
      const complete = options.kubeconfig !== undefined;
      const findings = await lintFiles(files, { ...(await openSources(options)), complete });
      if (options.output === 'text') writeOutput(toLintText(findings, files.length, of));
      else writeOutput(options.output === 'json' ? toLintJson(findings) : toSarif(findings, version, of));
      if (findings.some(({ level }) => options.strict || level === 'error')) process.exitCode = 1;
    });
}

function toFile(path: string): LintFile {
  return { path, text: readNamed(path) };
}

/** Every network and pod of the cluster, each as a file that is called after it. */
async function clusterFiles({ kubeconfig }: SourceOptions): Promise<readonly LintFile[]> {
  const { listObjects } = await import('../../kube/listing');
  const log = openLog({ level: 'warn', file: undefined, toStderr: true });
  const objects = kubeconfig === undefined ? [] : await listObjects({ kubeconfig }, diskFiles, log);
  return objects.map(toObjectFile);
}

function expanded(path: string): readonly string[] {
  return path !== '-' && statSync(path).isDirectory() ? (filesOf(path, endings) ?? []) : [path];
}
