/** Which CNI directories a container runtime is told by its configuration: containerd's file of versions 1 to 3, or CRI-O's. Pure. */

/** What one file or several name; what is not named stays as the runtime has it by itself. */
export interface RuntimeDirs {
  readonly confDir: string | undefined;
  /** Each is searched for plugins, the first one first. */
  readonly binDirs: readonly string[];
}

/** What one file says: also which others are read after it, with `*` in names. */
export interface RuntimeConfig extends RuntimeDirs {
  readonly imports: readonly string[];
}

/** Tables of TOML that count, by the `version` of containerd's file; one without it may be of any. */
const containerd1 = 'plugins.cri.cni';
const containerd2 = 'plugins.io.containerd.grpc.v1.cri.cni';
const containerd3 = 'plugins.io.containerd.cri.v1.runtime.cni';
const crio = 'crio.network';
const tables: Readonly<Record<string, readonly string[]>> = {
  '1': [containerd1],
  '2': [containerd2],
  '3': [containerd3],
};
const anyTable = [containerd1, containerd2, containerd3, crio];

/** Reads containerd's `conf_dir`, `bin_dir` and `bin_dirs`, or CRI-O's `network_dir` and `plugin_dirs`. Never fails: what is not understood is not named. */
export function parseRuntimeConfig(text: string): RuntimeConfig {
  const values = valuesOf(text);
  const version = values.get('.version')?.[0] ?? '';
  const find = (...keys: readonly string[]): readonly string[] => {
    const places = (tables[version] ?? anyTable).flatMap((table) => keys.map((key) => `${table}.${key}`));
    const named = places.map((place) => values.get(place)?.filter((path) => path.startsWith('/')) ?? []);
    return named.find((paths) => paths.length > 0) ?? [];
  };
  return {
    confDir: find('conf_dir', 'network_dir')[0],
    binDirs: find('bin_dirs', 'bin_dir', 'plugin_dirs', 'plugin_dir'),
    imports: values.get('.imports') ?? [],
  };
}

/** One after the other: what a later one names replaces what earlier ones name. */
export function mergeRuntimeDirs(all: readonly RuntimeDirs[]): RuntimeDirs {
  return {
    confDir: all.findLast(({ confDir }) => confDir !== undefined)?.confDir,
    binDirs: all.findLast(({ binDirs }) => binDirs.length > 0)?.binDirs ?? [],
  };
}

/** Strings and whole numbers by `table.key`, of as much of TOML as such files are written in. */
function valuesOf(text: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  let table = '';
  for (const [at, line] of lines.entries()) {
    const header = /^\s*\[([^[\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) table = header.replaceAll(/["'\s]/g, '');
    const [, key, value = ''] = /^\s*(\w+)\s*=\s*(.*)/.exec(line) ?? [];
    if (key === undefined) continue;
    const list = value.startsWith('[')
      ? lines
          .slice(at)
          .join('\n')
          .replace(/^[^[]*/, '')
          .split(']')[0]
      : undefined;
    const words = (list ?? value).matchAll(/"([^"]*)"|'([^']*)'|^(\d+)/g);
    values.set(
      `${table}.${key}`,
      [...words].map(([, double, single, number]) => double ?? single ?? number ?? ''),
    );
  }
  return values;
}
