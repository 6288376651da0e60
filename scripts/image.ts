/**
 * Makes dist/image: the container image for x86-64 and arm64 as one OCI archive, and the executables for hosts, each with
 * its checksum. No container daemon. Runs under Bun (scripts/bun scripts/image.ts [--arch amd64,arm64]); writes dist/image,
 * keeps Debian's packages in dist/debian, and has a build directory below /tmp whose path stands in the bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Packages, unpackPackages } from './image/debian';
import { parseElf } from './image/elf';
import { type Image, toOciArchive } from './image/oci';
import type { TarEntry } from './image/tar';
import type { Processor } from './lean/build';

type Architecture = Image['architecture'];

/** What is not the same on every machine. */
interface Machine {
  /** Bun's packages for it: with glibc, and with musl. */
  readonly glibc: string;
  readonly musl: string;
  /** Where Debian has its libraries. */
  readonly triplet: string;
  /** As node:process names it. */
  readonly processor: Processor;
}

const machines: Readonly<Record<Architecture, Machine>> = {
  amd64: {
    glibc: '@oven/bun-linux-x64-baseline',
    musl: '@oven/bun-linux-x64-musl-baseline',
    triplet: 'x86_64-linux-gnu',
    processor: 'x64',
  },
  arm64: {
    glibc: '@oven/bun-linux-aarch64',
    musl: '@oven/bun-linux-aarch64-musl',
    triplet: 'aarch64-linux-gnu',
    processor: 'arm64',
  },
};

/** Debian's packages of which the image has something: nft, and every library that it and the executable ask for. */
const debianPackages = [
  'nftables',
  'libc6',
  ...['libnftables1', 'libnftnl11', 'libmnl0', 'libxtables12', 'libjansson4', 'libgmp10'],
  ...['libedit2', 'libtinfo6', 'libbsd0', 'libmd0'],
];
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

/** The runtime's own executable asks for what the joined one asks for, which does not tell. */
const askingOf = (runtime: string): TarEntry => ({ path: 'braid', mode: 0o755, bytes: readFileSync(runtime) });

/** The image's files: the executable, nft, the libraries that the two ask for, and the licences of what is Debian's. */
function filesOf(
  architecture: Architecture,
  executable: Buffer,
  asking: TarEntry,
  { root: debian }: Packages,
): readonly TarEntry[] {
  const { triplet } = machines[architecture];
  const file = (to: string, mode: number, ...places: readonly string[]): TarEntry => {
    const from = places.map((place) => path.join(debian, place)).find((place) => existsSync(place));
    if (from === undefined) throw new Error(`Debian's packages for ${architecture} have no ${places.join(' or ')}`);
    return { path: to, mode, bytes: readFileSync(from) };
  };
  const nft = file('usr/sbin/nft', 0o755, 'usr/sbin/nft');
  const programs = [{ path: 'braid', mode: 0o755, bytes: executable }, nft];
  const libraries = withLibraries([asking, nft], (name) =>
    file(`lib/${name}`, 0o755, `lib/${triplet}/${name}`, `usr/lib/${triplet}/${name}`),
  );
  const licences = debianPackages.map((name) => `usr/share/doc/${name}/copyright`);
  const files = [...programs, ...libraries, ...licences.map((each) => file(each, 0o644, each)), engineLicence()];
  const directories = [...new Set(['tmp', ...files.flatMap(({ path }) => parentsOf(path))])].sort();
  return [...directories.map((each) => ({ path: each, mode: each === 'tmp' ? 0o1777 : 0o755 })), ...files];
}

/** The licence of the lean engine: its sources begin with it. */
function engineLicence(): TarEntry {
  const source = readFileSync(path.join(root, 'dist/engine/quickjs.c'), 'utf8');
  return {
    path: 'usr/share/doc/quickjs-ng/copyright',
    mode: 0o644,
    bytes: Buffer.from(source.slice(0, source.indexOf('*/') + 3)),
  };
}

/** The libraries that the programs ask for, and that those ask for, each once; and the loader, where it is looked for. */
function withLibraries(programs: readonly TarEntry[], find: (name: string) => TarEntry): readonly TarEntry[] {
  const found = new Map<string, TarEntry>(); // by name
  const ask = ({ bytes }: TarEntry): void => {
    const { loader, libraries = [] } = parseElf(Buffer.from(bytes ?? [])) ?? {};
    for (const place of [
      ...(loader === undefined ? [] : [loader.slice(1)]),
      ...libraries.map((name) => `lib/${name}`),
    ]) {
      const name = path.basename(place);
      if (found.has(name)) continue;
      const library = { ...find(name), path: place };
      found.set(name, library);
      ask(library);
    }
  };
  programs.forEach(ask);
  return [...found.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** `a/b/c`: `a` and `a/b`. */
function parentsOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

rmSync(workshop, { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const packages = architectures.map((architecture) => {
  const directory = path.join(root, 'dist/debian', architecture);
  rmSync(path.join(directory, 'root'), { recursive: true, force: true });
  return unpackPackages(architecture, debianPackages, directory);
});
writeFileSync(
  path.join(out, 'PACKAGES'),
  packages.flatMap(({ versions }) => versions.map((each) => `${each}\n`)).join(''),
);
const images = architectures.map((architecture, at): Image => {
  const { glibc, musl, processor } = machines[architecture];
  if (processor !== process.arch)
    execFileSync(path.join(root, 'scripts/guest/install'), [`scripts/lean/packages-${processor}`], {
      cwd: root,
      stdio: 'inherit',
    });
  build(runtimeOf(musl), `braid-linux-${architecture}-musl`);
  const executable = build(runtimeOf(glibc), `braid-linux-${architecture}`);
  return {
    architecture,
    files: filesOf(architecture, executable, askingOf(runtimeOf(glibc)), packages[at] as Packages),
  };
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
