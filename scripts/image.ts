/**
 * Makes dist/image: the container image for x86-64 and arm64 as one OCI archive, and the executables for hosts, each with
 * its checksum. No container daemon. Runs under Bun (scripts/bun scripts/image.ts [--arch amd64,arm64]); writes dist/image
 * and a build directory below /tmp that always has the same path, for it stands in the bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Image, toOciArchive } from './image/oci';
import type { TarEntry } from './image/tar';

type Architecture = Image['architecture'];

/** Where a machine's C library is, and what of it Bun's executable needs. */
interface Machine {
  /** Bun's packages for it: with glibc, and with musl. */
  readonly glibc: string;
  readonly musl: string;
  /** Directories of glibc on the machine that builds: its own, or a cross package's. */
  readonly libraries: readonly string[];
  readonly loader: { readonly name: string; readonly directory: string };
}

const machines: Readonly<Record<Architecture, Machine>> = {
  amd64: {
    glibc: '@oven/bun-linux-x64-baseline',
    musl: '@oven/bun-linux-x64-musl-baseline',
    libraries: ['/lib/x86_64-linux-gnu', '/usr/x86_64-linux-gnu/lib'],
    loader: { name: 'ld-linux-x86-64.so.2', directory: 'lib64' },
  },
  arm64: {
    glibc: '@oven/bun-linux-aarch64',
    musl: '@oven/bun-linux-aarch64-musl',
    libraries: ['/lib/aarch64-linux-gnu', '/usr/aarch64-linux-gnu/lib'],
    loader: { name: 'ld-linux-aarch64.so.1', directory: 'lib' },
  },
};

const libc = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'];
const root = path.resolve(import.meta.dir, '..');
const out = path.join(root, 'dist/image');
const workshop = '/tmp/braid-image';
const { values: options } = parseArgs({ options: { arch: { type: 'string', default: 'amd64,arm64' } } });
const architectures = options.arch.split(',') as readonly Architecture[];
const { version, optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
};

/** Bun's executable of that package: the installed one, or by npm, and then with the lock file's checksum. */
function runtimeOf(name: string): string {
  const installed = path.join(root, 'node_modules', name, 'bin/bun');
  if (existsSync(installed)) return installed;
  const directory = path.join(workshop, name);
  mkdirSync(directory, { recursive: true });
  const said = execFileSync(
    'npm',
    ['pack', '--json', '--pack-destination', directory, `${name}@${optionalDependencies[name]}`],
    { cwd: root, encoding: 'utf8' },
  );
  const [{ filename = '' } = {}] = JSON.parse(said) as readonly { readonly filename?: string }[];
  const archive = path.join(directory, path.basename(filename));
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  const wanted = lock.packages[`node_modules/${name}`]?.integrity;
  if (found !== wanted) throw new Error(`${archive} has ${found}, package-lock.json wants ${wanted}`);
  execFileSync('tar', ['-xzf', archive, '-C', directory]);
  return path.join(directory, 'package/bin/bun');
}

/** The executable with that runtime, as dist/image/<name>. */
function build(runtime: string, name: string): Buffer {
  const directory = path.join(workshop, 'build');
  execFileSync(process.execPath, [path.join(root, 'scripts/build.ts'), '--out', directory, '--runtime', runtime], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const bytes = readFileSync(path.join(directory, 'braid'));
  writeFileSync(path.join(out, name), bytes, { mode: 0o755 });
  return bytes;
}

/** The image's files: the executable and the C library it asks for. */
function filesOf(architecture: Architecture, executable: Buffer): readonly TarEntry[] {
  const { libraries, loader } = machines[architecture];
  const directory = libraries.find((each) => existsSync(path.join(each, 'libc.so.6')));
  if (directory === undefined)
    throw new Error(`No C library for ${architecture} in ${libraries.join(', ')}: run make image`);
  const library = (name: string, into: string): TarEntry => ({
    path: `${into}/${name}`,
    mode: 0o755,
    bytes: readFileSync(path.join(directory, name)),
  });
  const directories = [...new Set(['lib', loader.directory, 'tmp'])].sort();
  return [
    { path: 'braid', mode: 0o755, bytes: executable },
    ...directories.map((each) => ({ path: each, mode: each === 'tmp' ? 0o1777 : 0o755 })),
    library(loader.name, loader.directory),
    ...libc.map((name) => library(name, 'lib')),
  ];
}

rmSync(workshop, { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const images = architectures.map((architecture): Image => {
  const { glibc, musl } = machines[architecture];
  build(runtimeOf(musl), `braid-linux-${architecture}-musl`);
  return { architecture, files: filesOf(architecture, build(runtimeOf(glibc), `braid-linux-${architecture}`)) };
});
const archive = path.join(out, `braid-${version}.tar`);
const labels = { 'org.opencontainers.image.title': 'braid', 'org.opencontainers.image.version': version };
writeFileSync(
  `${archive}.new`,
  toOciArchive(images, { name: `docker.io/library/braid:${version}`, entrypoint: ['/braid'], labels }),
);
renameSync(`${archive}.new`, archive);
execFileSync('sh', ['-c', 'sha256sum braid-* >SHA256SUMS'], { cwd: out });
console.log(readFileSync(path.join(out, 'SHA256SUMS'), 'utf8').trimEnd());
rmSync(workshop, { recursive: true });
