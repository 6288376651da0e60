/**
 * Makes dist/braid, one executable file, and dist/empty, the same build of nothing for start-up comparison.
 * Runs under Bun (scripts/bun scripts/build.ts [--entry FILE] [--out DIR]); writes dist/ only.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dir, '..');
const { values: options } = parseArgs({
  options: {
    entry: { type: 'string', default: path.join(root, 'src/bin/main.ts') },
    out: { type: 'string', default: path.join(root, 'dist') },
  },
});

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

/** Bundles `entry` by esbuild (Bun's own bundle starts 2 to 5 ms slower) and compiles it to `outfile`. */
async function executable(entry: string, outfile: string): Promise<void> {
  const bundle = `${outfile}.cjs`;
  await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'es2024',
    external: ['bun:*'],
    minify: false, // measured: no faster to start, and a crash could not be read
    legalComments: 'none',
    define: { 'process.env.BRAID_VERSION': JSON.stringify(version()) },
    logLevel: 'warning',
  });
  // The embedded script is called after the output file, so it is compiled under its own name elsewhere, then renamed.
  const fresh = path.join(path.dirname(outfile), '.fresh');
  const compiled = path.join(fresh, path.basename(outfile));
  mkdirSync(fresh, { recursive: true });
  // A call runs each function a few times: compiling those costs more than it saves (ADD of 8 networks: 33 ms of user time
  // at the default threshold, 18 ms at a hundred times that).
  const patient = '--compile-jit-policy=100';
  const compile = ['build', bundle, '--compile', '--bytecode', patient, '--format=cjs', `--outfile=${compiled}`];
  const closed = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map((file) => `--no-compile-autoload-${file}`);
  execFileSync(process.execPath, [...compile, ...closed], { cwd: fresh, stdio: ['ignore', 'pipe', 'inherit'] });
  renameSync(compiled, outfile);
  rmSync(fresh, { recursive: true });
  const size = (file: string): string => `${(statSync(file).size / 1e6).toFixed(2)} MB`;
  console.log(`${path.relative(process.cwd(), outfile)}: ${size(outfile)}, of which bundle ${size(bundle)}`);
}

mkdirSync(options.out, { recursive: true });
await executable(options.entry, path.join(options.out, 'braid'));
await executable(path.join(root, 'scripts/empty.ts'), path.join(options.out, 'empty'));
rmSync(path.join(options.out, 'empty.cjs'));
