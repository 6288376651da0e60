/**
 * Makes dist/braid, one executable file, and dist/empty, the same build of nothing for start-up comparison.
 * Runs under Bun (scripts/bun scripts/build.ts [--out DIR] [--runtime FILE]); writes dist/, or DIR, only.
 * `--runtime`: Bun's executable for another machine, which then runs the file; no dist/empty. The same commit, DIR and
 * FILE give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundling, flatCodecs, root } from './bundling';
import { buildLean, type Processor } from './lean/build';
import { joinExecutables } from './lean/join';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(root, 'dist') },
    runtime: { type: 'string' },
  },
});

const entry = path.join(root, 'src/bin/main.ts');

/** Packages that most commands do not need. Each is a file of its own in the executable, read when it is first asked for. */
const packages = ['commander', 'pino', 'yaml'] as const;

/** The programs of the full runtime (src/bin/main.ts), a bundle each with all that it needs: none instantiates another's functions. */
const programs = ['asked', 'cli', 'plugin', 'versions'] as const;

/** Where a file of the executable is found. Computed, or Bun would resolve it now. */
const inside = (name: string): string => `['/$bunfs/root', '${name}.js'].join('/')`;

/** Leaves the packages, and in the first bundle the programs, out of the bundle; they are looked for inside the executable. */
const leaveApart: Plugin = {
  name: 'leave-apart',
  setup(bundle) {
    const own = new RegExp(`^(${packages.join('|')})$`);
    const begun = new RegExp(`^\\./(${programs.join('|')})$`);
    bundle.onResolve({ filter: own }, ({ path: name }) => ({ path: name, namespace: 'apart' }));
    bundle.onResolve({ filter: begun }, ({ path: name, importer }) =>
      importer === entry ? { path: name.slice(2), namespace: 'apart' } : undefined,
    );
    bundle.onLoad({ filter: /./, namespace: 'apart' }, ({ path: name }) => ({
      contents: `module.exports = require(${inside(name)});`,
    }));
  },
};

/** What goes into the executable beside its entry, by the name under which it is looked for. */
type Parts = Readonly<Record<string, BuildOptions>>;

const packagePart = (name: string): BuildOptions => ({
  stdin: { contents: `module.exports = require('${name}');`, resolveDir: root, sourcefile: `${name}.cjs` },
});

const programPart = (name: string): BuildOptions => ({
  entryPoints: [path.join(path.dirname(entry), `${name}.ts`)],
  plugins: [leaveApart, flatCodecs],
});

/**
 * Bundles `entry` and the parts by esbuild (Bun's own bundle starts 2 to 5 ms slower), compiles them, and joins that with the lean
 * engine's program, whose first module is `lean`, to `outfile`.
 */
async function executable(entry: string, lean: string, outfile: string, parts: Parts): Promise<void> {
  const fresh = path.join(path.dirname(outfile), '.fresh');
  mkdirSync(fresh, { recursive: true });
  const bundle = path.join(fresh, `${path.basename(outfile)}.cjs`);
  await build({ ...bundling, entryPoints: [entry], outfile: bundle, plugins: [leaveApart, flatCodecs] });
  const files = Object.keys(parts).map((name) => path.join(fresh, `${name}.cjs`));
  for (const [index, part] of Object.values(parts).entries())
    await build({ ...bundling, ...part, outfile: files[index] as string });
  // The embedded script is called after the output file, so it is compiled under its own name elsewhere, then renamed.
  const compiled = path.join(fresh, path.basename(outfile));
  // A command runs each function a few times: to compile those costs more than it saves.
  const patient = '--compile-jit-policy=100';
  const compile = [
    'build',
    bundle,
    ...files,
    '--compile',
    '--bytecode',
    patient,
    '--format=cjs',
    `--outfile=${compiled}`,
  ];
  const runtime = options.runtime === undefined ? [] : [`--compile-executable-path=${path.resolve(options.runtime)}`];
  const closed = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map((file) => `--no-compile-autoload-${file}`);
  execFileSync(process.execPath, [...compile, ...runtime, ...closed], {
    cwd: fresh,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const full = readFileSync(compiled);
  const joined = joinExecutables(full, await buildLean(lean, processorOf(full)));
  writeFileSync(compiled, joined);
  renameSync(compiled, outfile);
  const size = (file: string): string => `${(statSync(file).size / 1e6).toFixed(2)} MB`;
  const sizes = [bundle, ...files].map((file) => `${path.basename(file)} ${size(file)}`).join(', ');
  console.log(`${path.relative(process.cwd(), outfile)}: ${size(outfile)}, of which ${sizes}`);
  rmSync(fresh, { recursive: true });
}

/** For which processor an executable is (e_machine of elf(5)). */
const processorOf = (executable: Buffer): Processor => (executable.readUInt16LE(18) === 183 ? 'arm64' : 'x64');

mkdirSync(options.out, { recursive: true });
await executable(entry, path.join(root, 'src/lean/main.ts'), path.join(options.out, 'braid'), {
  ...Object.fromEntries(packages.map((name) => [name, packagePart(name)])),
  ...Object.fromEntries(programs.map((name) => [name, programPart(name)])),
});
if (options.runtime === undefined)
  await executable(
    path.join(root, 'scripts/empty.ts'),
    path.join(root, 'src/lean/prelude.ts'),
    path.join(options.out, 'empty'),
    {},
  );
