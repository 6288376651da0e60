/**
 * The dependency rules between folders (which folder may import which, who alone may use a library, what stays pure).
 * Runs under Bun; reads src/ and plugins/, prints every broken rule, exit status 1 when there is one.
 * Imports of types count too: a type that points down the list is a dependency all the same.
 */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dir, '..');

/** From the purest down to the wiring: a file may import from its own folder and from those before it. */
const order = ['src', 'src/net', 'src/cni', 'src/dhcp', 'src/pod', 'src/attach', 'plugins', 'src/agent'].concat([
  'src/kernel',
  'src/kube',
  'src/disk',
  'src/exec',
  'src/model',
  'src/bin',
  'src/lean',
]);

/** Folders whose answers depend on nothing but their arguments. */
const pure = ['src', 'src/net', 'src/cni', 'src/dhcp', 'src/pod', 'src/attach', 'plugins'];

/** What a pure folder may use of the runtime all the same. */
const calm: Readonly<Record<string, readonly string[]>> = { 'src/net': ['node:net', 'node:crypto'] };

/** Libraries and runtime modules with named users; any other library may be used by an edge, the agent or bin. */
const soleUsers: Readonly<Record<string, readonly string[]>> = {
  'ip-cidr': ['src/net'],
  netlink: ['src/kernel'],
  'bun:ffi': ['src/kernel'],
  commander: ['src/bin'],
  pino: ['src/bin', 'src/agent'],
};

/** The lists of all plugins: what they do, and what their keys are. */
const lists = ['plugins/index.ts', 'plugins/schemas.ts'];

/** Who may call out over the network by the runtime's own fetch. */
const fetchUser = 'src/kube';

/** A call of fetch; a method of that name, as Bun.serve wants, is none. */
const fetchCall = /(?:await|return|=>?|[(,?:])\s*fetch\s*\((?![^)]*\)\s*\{)/;

/** `src/net/ip.ts` is of folder `src/net`, `src/json.ts` of `src`, `plugins/vlan/vlan.ts` of `plugins`. */
function folderOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'plugins') return 'plugins';
  return parts.length === 2 ? 'src' : parts.slice(0, 2).join('/');
}

/** `netlink/dist/structs.js` is of library `netlink`; `@kubernetes/client-node/x` of `@kubernetes/client-node`. */
const libraryOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

/** Why `file` must not import `name`; undefined when it may. */
function broken(file: string, name: string): string | undefined {
  const folder = folderOf(file);
  if (!name.startsWith('.')) return brokenLibrary(folder, name);
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), name));
  if (target === 'package.json') return undefined;
  if (!/^(src|plugins)(\/|$)/.test(target)) return `${folder} imports nothing outside src/ and plugins/`;
  const other = folderOf(target);
  if (folder === 'plugins' && other === 'plugins') {
    const [own, its] = [file, target].map((each) => path.posix.dirname(each));
    return own === its || lists.includes(file) ? undefined : 'plugins do not import each other';
  }
  if (folder === other) return undefined;
  if (!order.includes(other)) return `${other} is no folder of this architecture`;
  if (order.indexOf(other) > order.indexOf(folder)) return `imports point up: ${folder} stands above ${other}`;
  if (other === 'plugins' && folder !== 'src/bin' && folder !== 'src/agent')
    return `${folder} is handed its plugins by src/bin`;
  return undefined;
}

/** The same for a library or a module of the runtime. */
function brokenLibrary(folder: string, name: string): string | undefined {
  const users = soleUsers[libraryOf(name)];
  if (users !== undefined && !users.includes(folder)) return `only ${users.join(' and ')} may use ${libraryOf(name)}`;
  if (users !== undefined || !pure.includes(folder)) return undefined;
  if (calm[folder]?.includes(name)) return undefined;
  const runtime = isBuiltin(name) || name.startsWith('bun');
  return `${folder} is pure: it uses no ${runtime ? 'module of the runtime' : 'library'}`;
}

const specifier =
  /(?:^|[\s;}])(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;}])import\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g;

/** A file's text without comments, so that an import in an example is none. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

const files = ['src/**/*.ts', 'plugins/**/*.ts'].flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
let faults = 0;
for (const file of files) {
  if (!order.includes(folderOf(file))) {
    faults += 1;
    console.error(`${file}: ${folderOf(file)} is no folder of this architecture (style.md, "Where things live")`);
  }
  const text = withoutComments(readFileSync(path.join(root, file), 'utf8'));
  if (folderOf(file) !== fetchUser && fetchCall.test(text)) {
    faults += 1;
    console.error(`${file}: calls fetch: only ${fetchUser} may`);
  }
  for (const [, from, bare, called] of text.matchAll(specifier)) {
    const name = from ?? bare ?? called ?? '';
    const reason = broken(file, name);
    if (reason === undefined) continue;
    faults += 1;
    console.error(`${file}: imports ${name}: ${reason}`);
  }
}
console.log(`check-imports: ${files.length} files, ${faults} broken rules`);
process.exitCode = faults === 0 ? 0 : 1;
