/**
 * Makes dist/braid, one executable file, and dist/empty, the same build of nothing for start-up comparison.
 * Runs under Bun (scripts/bun scripts/build.ts [--out DIR] [--runtime FILE]); writes dist/, or DIR, only.
 * `--runtime`: Bun's executable for another machine, which then runs the file; no dist/empty. The same commit, DIR and
 * FILE give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { splitRare } from './rare-parts';

const root = path.resolve(import.meta.dir, '..');
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(root, 'dist') },
    runtime: { type: 'string' },
  },
});

const entry = path.join(root, 'src/bin/main.ts');

/** `0.1.0+g1bb19d6`, with `-dirty` for a changed work tree; the bare package version outside git. */
function version(): string {
  const { version: released } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  try {
    const git = ['-c', `safe.directory=${root}`, 'describe', '--always', '--dirty', '--abbrev=9', '--exclude=*'];
    const commit = execFileSync('git', git, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return `${released}+g${commit}`;
  } catch {
    return released;
  }
}

/**
 * Packages that a runtime's call needs seldom or never. Each is a file of its own in the executable, read when it is
 * first asked for: in the one bundle they cost every call 1 to 3 ms.
 */
const packages = ['commander', 'pino', 'yaml'] as const;

/**
 * The programs of the executable (src/bin/main.ts), a bundle each with all that it needs: a runtime's call instantiates no
 * function of the agent or of people's commands (VERSION 3 ms less, ADD 2 to 3).
 */
const programs = ['cli', 'plugin', 'versions'] as const;

/** Where a file of the executable is found. Computed, or Bun would resolve it now. */
const inside = (name: string): string => `['/$bunfs/root', '${name}.js'].join('/')`;

const bundling = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'es2024',
  external: ['bun:*'],
  minify: false, // measured: no faster to start, and a crash could not be read
  legalComments: 'none',
  define: { 'process.env.BRAID_VERSION': JSON.stringify(version()) },
  logLevel: 'warning',
} as const satisfies BuildOptions;

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

/**
 * The codecs of netlink as a module of the bundle's own kind, of which it takes what is used: as CommonJS they are all made, and
 * each file that uses them copies their list of names, 0.7 ms in all. They ask node:os for the order of bytes alone, and to load
 * that takes 0.2 ms: Bun's processors are little-endian.
 */
const flatCodecs: Plugin = {
  name: 'flat-codecs',
  setup(bundle) {
    bundle.onLoad({ filter: /\/netlink\/dist\/structs\.js$/ }, ({ path: file }) => {
      const names = Object.keys(createRequire(file)(file) as object).join(', ');
      const text = readFileSync(file, 'utf8')
        .replace(/^Object\.defineProperty\(exports, .*$/m, '')
        .replace(/^exports\.\w+ = exports\..* = void 0;$/gm, '')
        .replace(/^exports\.(\w+) = \1;$/gm, '')
        .replace(/^exports\.(\w+) = /gm, 'const $1 = ')
        .replace(/\(0, exports\.(\w+)\)/g, '$1')
        .replace(/\bexports\.(\w+)/g, '$1')
        .replace('require("os")', `{ endianness: () => 'LE' }`);
      return { contents: `${text}\nexport { ${names} };` };
    });
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

/** Bundles `entry` and the parts by esbuild (Bun's own bundle starts 2 to 5 ms slower) and compiles them to `outfile`. */
async function executable(entry: string, outfile: string, parts: Parts): Promise<void> {
  const fresh = path.join(path.dirname(outfile), '.fresh');
  mkdirSync(fresh, { recursive: true });
  const bundle = path.join(fresh, `${path.basename(outfile)}.cjs`);
  await build({ ...bundling, entryPoints: [entry], outfile: bundle, plugins: [leaveApart, flatCodecs] });
  const files = Object.keys(parts).map((name) => path.join(fresh, `${name}.cjs`));
  for (const [index, part] of Object.values(parts).entries())
    await build({ ...bundling, ...part, outfile: files[index] as string });
  // The embedded script is called after the output file, so it is compiled under its own name elsewhere, then renamed.
  const compiled = path.join(fresh, path.basename(outfile));
  // A call runs each function a few times: compiling those costs more than it saves (ADD of 8 networks: 33 ms of user time
  // at the default threshold, 18 ms at a hundred times that).
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
  renameSync(compiled, outfile);
  const size = (file: string): string => `${(statSync(file).size / 1e6).toFixed(2)} MB`;
  const sizes = [bundle, ...files].map((file) => `${path.basename(file)} ${size(file)}`).join(', ');
  console.log(`${path.relative(process.cwd(), outfile)}: ${size(outfile)}, of which ${sizes}`);
  rmSync(fresh, { recursive: true });
}

mkdirSync(options.out, { recursive: true });
const calls = await splitRare(
  { root, entry: 'src/bin/plugin.ts', name: 'runPlugin', place: inside('rare') },
  { ...bundling, plugins: [leaveApart, flatCodecs] },
);
await executable(entry, path.join(options.out, 'braid'), {
  ...Object.fromEntries(packages.map((name) => [name, packagePart(name)])),
  ...Object.fromEntries(programs.map((name) => [name, programPart(name)])),
  plugin: calls.program,
  rare: calls.rare,
});
if (options.runtime === undefined)
  await executable(path.join(root, 'scripts/empty.ts'), path.join(options.out, 'empty'), {});
