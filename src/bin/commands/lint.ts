/** `braid lint`. Reads manifests and configuration files, the cluster when asked; writes stdout. */
import { readFileSync, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { filesOf } from '../../disk/conf-dir';
import { lintFiles } from '../lint';
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
  braid lint pod.yaml --networks /etc/cni/braid/networks --conf /etc/cni/net.d/00-braid.conflist`;

export function register(program: Command): void {
  withSourceOptions(program.command('lint'))
    .description('check network definitions, pods and CNI configuration files, with line and column')
    .argument('<files...>', 'files, or directories of them; - reads standard input')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json', 'sarif']).default('text'))
    .option('--strict', 'warnings count as errors', false)
    .addHelpText('after', examples)
    .action(async (paths: readonly string[], options: LintOptions) => {
      const files = paths
        .flatMap(expanded)
        .map((path) => ({ path, text: readFileSync(path === '-' ? 0 : path, 'utf8') }));
      const complete = options.kubeconfig !== undefined;
      const findings = await lintFiles(files, { ...(await openSources(options)), complete });
      if (options.output === 'text') writeOutput(toLintText(findings, files.length));
      else writeOutput(options.output === 'json' ? toLintJson(findings) : toSarif(findings, version));
      if (findings.some(({ level }) => options.strict || level === 'error')) process.exitCode = 1;
    });
}

function expanded(path: string): readonly string[] {
  return path !== '-' && statSync(path).isDirectory() ? (filesOf(path, endings) ?? []) : [path];
}
