// Completes package-lock.json: adds the foreign-platform packages that a registry mirror did not show, so npm ci accepts
// the file everywhere. Run by hand after a dependency changes: npm install && node scripts/lock.mjs. Node only, no packages.
import { readFileSync, writeFileSync } from 'node:fs';

const os = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const cpu = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** What the platform part of a package's name says: `binding-linux-x64-musl` runs on linux, x64, musl. */
function platform(name) {
  const words = name.split(/[-/]/);
  const has = (list) => list.filter((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  const found = { os: has(os), cpu: has(cpu), libc };
  if (found.os.length === 0 || found.cpu.length === 0) throw new Error(`Cannot read a platform from "${name}"`);
  return libc.length > 0 && found.os[0] === 'linux' ? found : { os: found.os, cpu: found.cpu };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const added = [];
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] !== undefined) continue;
    if (!/^\d/.test(version)) throw new Error(`Cannot lock ${name} at "${version}": need an exact version`);
    const dev = entry.dev === true ? { dev: true } : {};
    lock.packages[`node_modules/${name}`] = { version, ...dev, optional: true, ...platform(name) };
    added.push(name);
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, 'en'))]);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} packages added${added.map((name) => `\n  ${name}`).join('')}`);
