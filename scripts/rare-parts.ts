/**
 * Bundles a program apart from what it seldom loads, the modules behind its `await import()`. Reads source files by esbuild; gives
 * options for two bundles.
 *
 * In one bundle esbuild wraps each module that such a part shares with the program, which costs 7 µs a module at the start, and
 * the part's functions are made, too. Apart, the program's modules stay flat. The part gets no copies of them, for a class or a
 * cache is one only once: it is handed the program's own, by a function that runs when the first part is loaded.
 */
import path from 'node:path';
import { type BuildOptions, build, type OnResolveArgs, type Plugin, type PluginBuild } from 'esbuild';

/** What to split: the module `entry` below `root`, whose export `name` starts the program. */
export interface Program {
  readonly root: string;
  readonly entry: string;
  readonly name: string;
  /** Where the second bundle will be found, as an expression of the program's language that no compiler resolves before. */
  readonly place: string;
}

/** Options for the bundle of the program, and for the one of what it loads later. */
export interface Split {
  readonly program: BuildOptions;
  readonly rare: BuildOptions;
}

/** The variable of the program's bundle that holds the function. */
const lender = 'lendModules';

/** Splits a program; `common` are options of both bundles. */
export async function splitRare(program: Program, common: BuildOptions): Promise<Split> {
  const { root } = program;
  const later = new Set<string>();
  const own = await modulesOf(
    { ...common, entryPoints: [path.join(root, program.entry)] },
    root,
    keepLater(root, later),
  );
  const parts = [...later].filter((file) => !own.includes(file)).sort();
  const list = listOf(root, parts);
  const rare = await modulesOf({ ...common, ...list }, root, borrow(root, own));
  const lent = await exportsOf(root, own, common);
  const text = (await Promise.all(rare.map((file) => Bun.file(path.join(root, file)).text()))).join('\n');
  const words = new Set(text.match(/\w+/g));
  const asked = own.map((file) => {
    const names = lent.get(file) ?? [];
    return { file, names: later.has(file) ? names : names.filter((name) => words.has(name)) };
  });
  const plugins = common.plugins ?? [];
  return {
    program: {
      ...entryOf(program, asked),
      banner: { js: `"use strict"; var ${lender};` },
      plugins: [loadLater(program, own), ...plugins],
    },
    rare: { ...list, plugins: [borrow(root, own), ...plugins] },
  };
}

/** The files below `root` that the bundle takes in, packages left out. */
async function modulesOf(options: BuildOptions, root: string, plugin: Plugin): Promise<readonly string[]> {
  const plugins = [plugin, ...(options.plugins ?? [])];
  const { metafile } = await build({
    ...options,
    absWorkingDir: root,
    plugins,
    metafile: true,
    write: false,
    outdir: root,
  });
  return Object.keys(metafile.inputs).filter((file) => /^[^:]+\.ts$/.test(file) && !file.startsWith('node_modules/'));
}

/** The names that each file exports, types left out. */
async function exportsOf(root: string, files: readonly string[], { target, platform }: BuildOptions) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...files],
    format: 'esm',
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    metafile: true,
    write: false,
    outdir: root,
    outbase: root,
    logLevel: 'error',
  });
  return new Map(Object.values(metafile.outputs).map((output) => [output.entryPoint ?? '', output.exports]));
}

/** The program with the function that lends its modules. */
function entryOf(
  { root, entry, name }: Program,
  asked: readonly { readonly file: string; readonly names: readonly string[] }[],
) {
  const lent = asked.filter(({ names }) => names.length > 0);
  const imports = lent.map(({ file, names }, at) => {
    const list = names.map((exported) => `${exported} as m${at}_${exported}`).join(', ');
    return `import { ${list} } from './${file}';`;
  });
  const objects = lent.map(({ file, names }, at) => {
    const list = names.map((exported) => `${exported}: m${at}_${exported}`).join(', ');
    return `${JSON.stringify(file)}: { ${list} }`;
  });
  const contents = [
    `export { ${name} } from './${entry}';`,
    ...imports,
    `${lender} = () => ({ ${objects.join(', ')} });`,
  ].join('\n');
  return { stdin: { contents, resolveDir: root, sourcefile: 'program.js' } };
}

/** The parts, each run when it is asked for. */
function listOf(root: string, parts: readonly string[]) {
  const list = parts.map((file) => `${JSON.stringify(file)}: () => require('./${file}')`);
  const contents = [
    `const lent = require('lent-modules');`,
    `const parts = { ${list.join(', ')} };`,
    `module.exports = (lend) => { lent.modules ??= lend(); return parts; };`,
  ].join('\n');
  return { stdin: { contents, resolveDir: root, sourcefile: 'parts.js' } };
}

/** Leaves out what is loaded later, and notes it. */
const keepLater = (root: string, later: Set<string>): Plugin => ({
  name: 'keep-later',
  setup(bundle) {
    onModules(bundle, root, (file, { kind }) => {
      if (kind !== 'dynamic-import') return undefined;
      later.add(file);
      return { path: file, external: true };
    });
  },
});

/** What is loaded later comes from the second bundle, or is a module that the program has anyway. */
const loadLater = ({ root, place }: Program, own: readonly string[]): Plugin => ({
  name: 'load-later',
  setup(bundle) {
    onModules(bundle, root, (file, { kind }) =>
      kind === 'dynamic-import' ? { path: file, namespace: 'later' } : undefined,
    );
    bundle.onLoad({ filter: /./, namespace: 'later' }, ({ path: file }) => ({
      contents: own.includes(file)
        ? `module.exports = ${lender}()[${JSON.stringify(file)}];`
        : `module.exports = require(${place})(${lender})[${JSON.stringify(file)}]();`,
    }));
  },
});

/** The program's own modules are not taken in again. */
const borrow = (root: string, own: readonly string[]): Plugin => ({
  name: 'borrow',
  setup(bundle) {
    onModules(bundle, root, (file) => (own.includes(file) ? { path: file, namespace: 'borrowed' } : undefined));
    bundle.onLoad({ filter: /./, namespace: 'borrowed' }, ({ path: file }) => ({
      contents: `module.exports = require('lent-modules').modules[${JSON.stringify(file)}];`,
      resolveDir: root,
    }));
    bundle.onResolve({ filter: /^lent-modules$/ }, () => ({ path: 'lent-modules', namespace: 'lent' }));
    bundle.onLoad({ filter: /./, namespace: 'lent' }, () => ({ contents: 'exports.modules = undefined;' }));
  },
});

type Resolved = { readonly path: string; readonly external?: boolean; readonly namespace?: string };

/** Asks `resolve` about each import of a file of ours, by its path below `root`. */
function onModules(
  bundle: PluginBuild,
  root: string,
  resolve: (file: string, args: OnResolveArgs) => Resolved | undefined,
): void {
  bundle.onResolve({ filter: /^\.\.?\// }, async (args) => {
    if (args.pluginData === resolve || args.importer.includes('/node_modules/')) return undefined;
    const { importer, kind, resolveDir } = args;
    const found = await bundle.resolve(args.path, { importer, kind, resolveDir, pluginData: resolve });
    return found.errors.length > 0 ? undefined : resolve(path.relative(root, found.path), args);
  });
}
