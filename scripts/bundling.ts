/** How esbuild bundles Braid, whichever runtime the bundle is for. Reads package.json, git and the codecs of netlink. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

export const root = path.resolve(import.meta.dirname, '..');

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

/** Options of every bundle. */
export const bundling = {
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

/**
 * The codecs of netlink as a module of the bundle's own kind, of which it takes what is used: as CommonJS they are all made, and
 * each file that uses them copies their list of names, 0.7 ms in all. They ask node:os for the order of bytes alone, and to load
 * that takes 0.2 ms: Bun's processors are little-endian.
 */
export const flatCodecs: Plugin = {
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
