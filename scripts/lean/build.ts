/**
 * Builds the lean engine's executable for a processor: QuickJS-ng and src/lean/*.c, linked with the heap that a program left when its
 * modules had run. Runs compilers; reads dist/engine (scripts/lean/install), keeps what it compiled there.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundling, flatCodecs, root } from '../bundling';
import { keepSaved } from './keep';

/** Processors, as node:process names them. */
export type Processor = 'x64' | 'arm64';

const engine = path.join(root, 'dist/engine');
const host = path.join(root, 'src/lean');
const engineParts = ['quickjs', 'libregexp', 'libunicode', 'dtoa'];
const hostParts = ['main', 'memory', 'bytes', 'library', 'process', 'system', 'attributes', 'encode', 'sender', 'hash'];

/** As upstream builds a release; without loops made for vectors, of which it has none that are long (8 % fewer instructions than by -O2). */
const engineFlags = [
  '-O3',
  '-fno-tree-vectorize',
  '-DNDEBUG',
  '-fno-pie',
  '-funsigned-char',
  '-fwrapv',
  '-D_GNU_SOURCE',
  '-w',
];
const hostFlags = ['-O2', '-fno-pie', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-isystem', engine];
/** What runs before the C library: nothing that needs it may be put in. */
const entryFlags = ['-fno-stack-protector', '-fno-builtin', '-fno-tree-loop-distribute-patterns'];

/**
 * Where the program and its heap lie: beside the full runtime, which begins at 2 MiB and is smaller than 256. Both at one place in
 * every process, for the heap has addresses of both.
 */
const layout = ['-Wl,-Ttext-segment=0x20000000', '-Wl,--section-start=.heap=0x40000000'];
const linking = [
  '-static',
  '-no-pie',
  '-Wl,--build-id=none',
  '-Wl,--wrap=gettimeofday,--wrap=clock_gettime',
  ...layout,
];

/** What runs a program of that processor here, and compiles for it. */
function toolsOf(processor: Processor): { readonly compiler: string; readonly runner: readonly string[] } {
  if (processor === process.arch) return { compiler: 'gcc', runner: [] };
  const machine = processor === 'arm64' ? 'aarch64' : 'x86_64';
  return { compiler: `${machine}-linux-gnu-gcc`, runner: [`qemu-${machine}-static`] };
}

/** Modules of the full runtime, and what the lean engine has in their place. */
const replaced: Readonly<Record<string, string>> = {
  'bun:ffi': 'ffi.ts',
  'node:os': 'node-os.ts',
  pino: 'pino.ts',
  process: 'node-process.ts',
  'src/exec/child.ts': 'child.ts',
  'src/kernel/attributes.ts': 'attributes.ts',
  'src/kernel/encode.ts': 'encode.ts',
  'src/kernel/sender.ts': 'sender.ts',
  'src/exec/dhcp-daemon.ts': 'dhcp.ts',
  'src/kube/cluster.ts': 'cluster.ts',
  'src/kube/devices.ts': 'cluster.ts',
  'src/kube/publisher.ts': 'publisher.ts',
};

/** Libraries and modules of the runtime that nothing may reach in the lean engine but a path that is handed over before. */
const absent = /^(buffer|node:\w+)$/;

const replace: Plugin = {
  name: 'lean-modules',
  setup(bundle) {
    bundle.onResolve({ filter: /./ }, async ({ path: name, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved' || kind === 'entry-point') return undefined;
      const known = replaced[name];
      if (known !== undefined) return { path: path.join(host, known) };
      if (absent.test(name)) return { path: name, namespace: 'absent' };
      if (!name.startsWith('.') || path.dirname(importer) === host) return undefined;
      const found = await bundle.resolve(name, { resolveDir, importer, kind, pluginData: 'resolved' });
      const other = replaced[path.relative(root, found.path)];
      return other === undefined ? undefined : { path: path.join(host, other) };
    });
    bundle.onLoad({ filter: /./, namespace: 'absent' }, ({ path: name }) => ({
      contents: `module.exports = new Proxy({}, { get() { throw new Error('The lean engine has no ${name}'); } });`,
    }));
  },
};

/** The objects of the engine itself, compiled once for these flags, sources and this compiler. */
function compileEngine(compiler: string): readonly string[] {
  const said = execFileSync(compiler, ['--version'], { encoding: 'utf8' });
  const known = [path.join(engine, 'sources.txt'), path.join(host, 'kept.h')].map((file) => readFileSync(file, 'utf8'));
  const quickjs = keepSaved(readFileSync(path.join(engine, 'quickjs.c'), 'utf8'));
  const stamp = createHash('sha256')
    .update([said, ...known, quickjs, ...engineFlags].join('\n'))
    .digest('hex')
    .slice(0, 16);
  const kept = path.join(engine, `objects-${stamp}`);
  if (!existsSync(kept)) {
    const fresh = mkdtempSync(`${kept}.`); // others may build, too
    writeFileSync(path.join(fresh, 'quickjs.c'), quickjs);
    const jobs = engineParts.map((part) => {
      const source = part === 'quickjs' ? `${fresh}/quickjs.c` : `${part}.c`;
      return `'${compiler}' ${engineFlags.join(' ')} -I. -I'${host}' -c '${source}' -o '${fresh}/${part}.o'`;
    });
    const together = `${jobs.map((job) => `${job} & p="$p $!"`).join('\n')}\nfor each in $p; do wait $each; done`;
    execFileSync('sh', ['-ec', together], { cwd: engine, stdio: ['ignore', 'inherit', 'inherit'] });
    if (existsSync(kept)) rmSync(fresh, { recursive: true });
    else renameSync(fresh, kept);
  }
  return engineParts.map((part) => path.join(kept, `${part}.o`));
}

/** Where everything lies in an executable, but for the end of its heap. The heap has addresses of functions. */
function addressesIn(executable: string): string {
  const lines = execFileSync('nm', [executable], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => !line.endsWith(' heap_end')).join('\n');
}

/** How esbuild bundles a program of the lean engine, whose first module is `entry`. */
export const bundlingFor = (entry: string, processor: Processor): BuildOptions => ({
  ...bundling,
  format: 'iife',
  entryPoints: [entry],
  external: [],
  define: { ...bundling.define, LEAN_ARCH: JSON.stringify(processor) },
  plugins: [replace, flatCodecs],
});

/** The executable of a program: `entry` is its first module. The same sources, compiler and commit give the same bytes. */
export async function buildLean(entry: string, processor: Processor): Promise<Buffer> {
  const { compiler, runner } = toolsOf(processor);
  const directory = mkdtempSync(path.join(tmpdir(), 'braid-lean-'));
  const compile = (...args: readonly string[]): void => {
    execFileSync(compiler, args, { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
  };
  try {
    const objects = [
      ...compileEngine(compiler),
      ...hostParts.map((part) => {
        compile(...hostFlags, '-c', path.join(host, `${part}.c`), '-o', `${part}.o`);
        return `${part}.o`;
      }),
    ];
    compile(...hostFlags, ...entryFlags, '-c', path.join(host, 'entry.c'), '-o', 'choose.o');
    compile('-c', path.join(host, 'entry.S'), '-o', 'entry.o');
    objects.push('choose.o', 'entry.o');
    await build({ ...bundlingFor(entry, processor), outfile: path.join(directory, 'program.js') });
    const link = (heap: string, outfile: string, ...more: readonly string[]): void => {
      compile(...linking, ...more, ...objects, heap, '-lm', '-o', outfile);
    };
    compile('-c', path.join(host, 'heap.S'), '-o', 'room.o');
    link('room.o', 'maker');
    const [command = './maker', ...args] = [...runner, './maker', 'program.js', 'heap'];
    execFileSync(command, args, { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
    compile('-DFILE="heap"', '-c', path.join(host, 'heap.S'), '-o', 'heap.o');
    link('heap.o', 'whole', '-Wl,-e,lean_entry');
    const [makers, its] = [addressesIn(path.join(directory, 'maker')), addressesIn(path.join(directory, 'whole'))];
    if (makers !== its) throw new Error('The heap was saved by a program whose parts lie elsewhere');
    link('heap.o', 'lean', '-Wl,-e,lean_entry', '-s');
    return readFileSync(path.join(directory, 'lean'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
