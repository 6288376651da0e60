/** A node, its pods and their container runtime, for tests: calls the compiled executable. Makes namespaces and files of its own, and removes them. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { inside } from '../../src/kernel/namespace';
import { toStatus } from '../../src/pod/status';
import { addNamespace, deleteNamespace } from './namespace';

/** The executable under test. */
export const braid = resolve(process.env.BRAID_BIN ?? join(import.meta.dirname, '../../dist/braid'));

/** What one call gave. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON; empty when there is none. */
  readonly json: Printed;
}

/** A result, an error object or the answer to VERSION: whatever of them stdout holds. */
export interface Printed {
  readonly cniVersion?: string;
  readonly supportedVersions?: readonly string[];
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[];
  readonly ips?: readonly {
    readonly version?: string;
    readonly address: string;
    readonly gateway?: string;
    readonly interface?: number;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string; readonly priority?: number }[];
  readonly dns?: { readonly nameservers?: readonly string[] };
  readonly ip4?: {
    readonly ip: string;
    readonly gateway?: string;
    readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  };
  readonly ip6?: { readonly ip: string };
}

export type Json = Readonly<Record<string, unknown>>;

/** The networks annotation, and the one for the default network. */
export const networksKey = 'k8s.v1.cni.cncf.io/networks';

/** A call of a delegate that was recorded. */
export interface Recorded {
  readonly type: string;
  readonly command: string;
  readonly ifName: string;
  readonly netns: string;
  readonly containerId: string;
  readonly args: string;
  readonly path: string;
  readonly stdin: Json;
}

/** A link as `ip -d -j link` tells of it. */
export interface ShownLink {
  readonly ifname: string;
  readonly mtu: number;
  readonly address: string;
  readonly flags: readonly string[];
  readonly operstate: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind: string; readonly info_data?: Json; readonly info_slave_kind?: string };
}

let nodes = 0;

/** Runs a program to its end and returns its stdout; what fails throws with its stderr. */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
}

/** A network namespace that is there, by its name: looked at and changed by `ip`. */
export class Namespace {
  constructor(readonly name: string) {}

  get path(): string {
    return `/var/run/netns/${this.name}`;
  }

  /** `ip` with these words in the namespace. */
  ip(words: string): string {
    return run('ip', '-n', this.name, ...words.split(' '));
  }

  /** A command in the namespace. */
  exec(command: string, ...args: readonly string[]): string {
    return this.enter(() => run(command, ...args));
  }

  /** Does work, synchronous to its end, in the namespace: what it starts stays there. A process less than nsenter. */
  enter<T>(work: () => T): T {
    const fd = openSync(this.path, 'r');
    try {
      return inside(fd, work);
    } finally {
      closeSync(fd);
    }
  }

  links(): readonly ShownLink[] {
    return JSON.parse(this.ip('-d -j link show')) as readonly ShownLink[];
  }

  link(name: string): ShownLink {
    const found = this.links().find(({ ifname }) => ifname === name);
    return found ?? expect.fail(`${this.name} has no link ${name}`);
  }

  names(): readonly string[] {
    return this.links().map(({ ifname }) => ifname);
  }

  /** Global addresses with prefix length, IPv4 first. */
  addresses(link: string): readonly string[] {
    interface Shown {
      readonly addr_info?: readonly { readonly local?: string; readonly prefixlen: number; readonly scope: string }[];
    }
    const [shown] = JSON.parse(this.ip(`-j addr show dev ${link}`)) as readonly Shown[];
    const global = (shown?.addr_info ?? []).filter(({ scope, local }) => scope === 'global' && local !== undefined);
    return global.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  }

  /** Lines of `ip route`, sorted, without what the kernel's counters and states add. */
  routes(table = 'main', family: 4 | 6 = 4): readonly string[] {
    return lines(this.ip(`-${family} route show table ${table}`)).sort();
  }

  /** Lines of `ip rule` but the kernel's own three and those that isolate, without preference and origin, sorted. */
  rules(family: 4 | 6 = 4): readonly string[] {
    return this.allRules(family).filter((line) => !line.endsWith(' blackhole'));
  }

  /** The same with those that isolate. */
  allRules(family: 4 | 6 = 4): readonly string[] {
    const own = lines(this.ip(`-${family} rule show`)).filter((line) => !/^(0|32766|32767):/.test(line));
    return own.map((line) => line.replace(/^\d+: /, '').replace(/ proto \w+$/, '')).sort();
  }

  /** First line of `ip route get`. */
  routeTo(words: string, family: 4 | 6 = 4): string {
    return lines(this.ip(`-${family} route get ${words}`))[0] ?? '';
  }

  sysctl(key: string): string {
    return this.exec('cat', `/proc/sys/${key}`).trim();
  }

  setSysctl(key: string, value: string): void {
    this.exec('sh', '-c', `echo ${value} >/proc/sys/${key}`);
  }

  /** Whether one of a few echo requests comes back. */
  reaches(address: string, { from }: { readonly from?: string } = {}): boolean {
    const source = from === undefined ? [] : ['-I', from];
    try {
      this.exec('busybox', 'ping', '-c', '3', '-W', '3', '-w', '3', '-q', ...source, address);
      return true;
    } catch {
      return false;
    }
  }
}

/** A namespace of the test's own. */
export class Space extends Namespace {
  constructor(name: string) {
    addNamespace(name);
    super(name);
    onTestFinished(() => deleteNamespace(name));
  }
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
}

/** The cluster network of peers.md 4.0. */
export function clusterNetwork(node: Node): Json {
  const routes = [{ dst: '10.244.0.0/16', gw: '10.244.1.1' }];
  const ipam = { type: 'host-local', dataDir: node.leases, subnet: '10.244.1.0/24', routes };
  const bridge = { type: 'bridge', bridge: 'cni-t0', isDefaultGateway: true, ipam };
  return { cniVersion: '0.4.0', name: 'cluster', plugins: [bridge] };
}

/** What a test's configuration changes. */
export type Changes = Json;

/** A node: a namespace with the executable's folders, its own links, and pods. */
export class Node extends Space {
  readonly #pods: Pod[] = [];
  #links: readonly string[] | undefined;
  /** Files of the test. */
  readonly dir = `/tmp/e2e/${this.name}`;
  /** host-local's store of the cluster network. */
  readonly leases = `/var/lib/cni/e2e-${this.name}`;
  readonly manifests = join(this.dir, 'networks');
  readonly confDir = join(this.dir, 'conf');
  readonly binDir = join(this.dir, 'bin');
  readonly state = join(this.dir, 'state');
  readonly #calls = join(this.dir, 'calls');

  constructor() {
    super(`node${++nodes}`);
    for (const dir of [this.manifests, this.confDir, this.binDir, this.#calls]) mkdirSync(dir, { recursive: true });
    onTestFinished(() => {
      for (const path of [this.dir, this.leases, '/var/lib/cni/networks'])
        rmSync(path, { recursive: true, force: true });
    });
  }

  /** A link to the outside: `name` on the node, and the same name in a namespace of its own on the other end of the cable. */
  uplink(name: string, mtu = 1500): Space {
    const outside = new Space(`${this.name}-${name}`);
    this.ip(`link add ${name} mtu ${mtu} type veth peer name ${name} mtu ${mtu} netns ${outside.name}`);
    this.ip(`link set ${name} up`);
    outside.ip(`link set ${name} up`);
    return outside;
  }

  /** Writes NetworkAttachmentDefinitions as people write them. */
  define(text: string, file = `${readdirSync(this.manifests).length}.yaml`): void {
    writeFileSync(join(this.manifests, file), text);
  }

  /** A definition around a configuration. */
  network(name: string, config: Json | string, namespace = 'default'): void {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    const manifest = {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name, namespace },
      spec: { config: text },
    };
    this.define(JSON.stringify(manifest), `${namespace}.${name}.json`);
  }

  /** The configuration that the runtime hands over. */
  conf(annotations: Readonly<Record<string, string>> | undefined, changes: Changes = {}): Json {
    const given =
      annotations === undefined ? {} : { runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotations } };
    const { cniDir, networksDir, confDir, binDir } = {
      cniDir: this.state,
      networksDir: this.manifests,
      confDir: this.confDir,
      binDir: this.binDir,
    };
    return {
      cniVersion: '1.0.0',
      name: 'braid',
      type: 'braid',
      capabilities: { 'io.kubernetes.cri.pod-annotations': true },
      cniDir,
      networksDir,
      confDir,
      binDir,
      delegates: [clusterNetwork(this)],
      ...given,
      ...changes,
    };
  }

  /** Runs the executable on the node: the environment is exactly `env`, the configuration stands on stdin. */
  async call(
    env: Readonly<Record<string, string>>,
    conf: Json | string,
    command: readonly string[] = [braid],
  ): Promise<Answer> {
    const [program = braid, ...args] = command;
    const child = this.enter(() =>
      spawn(program, args, { env: { PATH: process.env.PATH, ...env } as NodeJS.ProcessEnv, cwd: '/' }),
    );
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(typeof conf === 'string' ? conf : JSON.stringify(conf));
    const status = await new Promise<number>((done, broken) => {
      child.on('error', broken);
      child.on('close', (code) => done(code ?? -1));
    });
    const text = Buffer.concat(stdout).toString('utf8');
    return { status, stdout: text, stderr: Buffer.concat(stderr).toString('utf8'), json: parsed(text) };
  }

  /** A pod with a sandbox, annotated. Its default network is the node's. */
  pod(options: PodOptions = {}): Pod {
    this.#links ??= this.names();
    const pod = new Pod(this, this.#pods.length + 1, options);
    this.#pods.push(pod);
    return pod;
  }

  /** A delegate of that name that records its calls and then does what is said for the command: shell text. */
  recorder(type: string, acts: Readonly<Record<string, string>> = {}, dir = this.binDir): void {
    mkdirSync(dir, { recursive: true });
    const cases = Object.entries(acts).map(([command, act]) => `${command}) :\n${act}\n;;`);
    const script = `#!/bin/sh
calls='${this.#calls}'
number=$(ls "$calls" | wc -l)
file=$(printf '%s/%03d' "$calls" "$number")
{
  echo "type=${type}"
  env | grep '^CNI_'
  echo
  cat
} >"$file"
conf=$(sed '1,/^$/d' "$file")
prev() { printf '%s' "$conf" | sed 's/.*"prevResult"://; s/}$//'; }
case $CNI_COMMAND in
${cases.join('\n')}
esac
`;
    const path = join(dir, type);
    writeFileSync(path, script);
    chmodSync(path, 0o755);
  }

  /** The executable under another name, as an administrator puts it in the place of a plugin. */
  linkExecutable(name: string): void {
    symlinkSync(braid, join(this.binDir, name));
  }

  /** Calls of recorders, in order. */
  recorded(): readonly Recorded[] {
    return readdirSync(this.#calls)
      .sort()
      .map((file) => {
        const [head = '', stdin = ''] = readFileSync(join(this.#calls, file), 'utf8').split(/\n\n([\s\S]*)/);
        const env = Object.fromEntries(head.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));
        return {
          type: env.type ?? '',
          command: env.CNI_COMMAND ?? '',
          ifName: env.CNI_IFNAME ?? '',
          netns: env.CNI_NETNS ?? '',
          containerId: env.CNI_CONTAINERID ?? '',
          args: env.CNI_ARGS ?? '',
          path: env.CNI_PATH ?? '',
          stdin: JSON.parse(stdin) as Json,
        };
      });
  }

  /** The recorded calls in short: `ADD flannel eth0`. */
  callList(): readonly string[] {
    return this.recorded().map(({ command, type, ifName }) => `${command} ${type} ${ifName}`);
  }

  /** Addresses that host-local holds on this node, in any store. */
  reservations(): readonly string[] {
    const stores = [`${this.leases}/**/*`, '/var/lib/cni/networks/**/*'];
    return stores.flatMap((pattern) => globSync(pattern)).filter((path) => /\/[0-9a-f]+[.:][0-9a-f.:]+$/.test(path));
  }

  /** Files of the executable's state, but those that remember where stores of addresses are, or tell people what failed. */
  stateFiles(): readonly string[] {
    if (!existsSync(this.state)) return [];
    return readdirSync(this.state, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/^(stores|failures)\//.test(path.slice(this.state.length + 1)));
  }

  nft(): string {
    return this.exec('nft', 'list', 'ruleset');
  }

  /** Nothing is left of any pod on the node, but the links named (bridges stay, as with the reference plugins). */
  expectNothingLeft(bridges: readonly string[] = ['cni-t0']): void {
    expect(this.reservations(), 'addresses of host-local').toEqual([]);
    expect(this.stateFiles(), 'state').toEqual([]);
    const before = this.#links ?? this.names();
    expect(
      this.names().filter((name) => !before.includes(name) && !bridges.includes(name)),
      'links of the node',
    ).toEqual([]);
    const rules = this.nft();
    for (const pod of this.#pods) expect(rules, 'firewall').not.toContain(pod.containerId);
  }

  /** The common end of every test (peers.md 4.0): every pod is deleted twice, then nothing is left anywhere. */
  async end({
    bridges = ['cni-t0'],
    changes = {},
  }: {
    readonly bridges?: readonly string[];
    readonly changes?: Changes;
  } = {}): Promise<void> {
    for (const pod of this.#pods) await pod.end(changes);
    this.expectNothingLeft(bridges);
  }
}

/** How a pod differs from `default/pod<number>` without annotations. */
export interface PodOptions {
  readonly name?: string;
  readonly namespace?: string;
  /** Value of the networks annotation. */
  readonly networks?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Keys of the runtime's configuration. */
  readonly changes?: Changes;
}

/** A pod's sandbox and the runtime's calls for it. */
export class Pod extends Space {
  readonly containerId: string;
  readonly #options: PodOptions;

  constructor(
    readonly node: Node,
    number: number,
    options: PodOptions,
  ) {
    super(`${node.name}-p${number}`);
    this.containerId = `${node.name}-sandbox-${number}`;
    this.#options = options;
  }

  /** The environment that a kubelet's runtime sets. */
  env(command: string): Record<string, string> {
    const { name = this.name, namespace = 'default' } = this.#options;
    const args = {
      IgnoreUnknown: '1',
      K8S_POD_NAMESPACE: namespace,
      K8S_POD_NAME: name,
      K8S_POD_INFRA_CONTAINER_ID: this.containerId,
      K8S_POD_UID: `uid-${name}`,
    };
    return {
      CNI_COMMAND: command,
      CNI_CONTAINERID: this.containerId,
      CNI_NETNS: this.path,
      CNI_IFNAME: 'eth0',
      CNI_PATH: this.node.binDir,
      CNI_ARGS: Object.entries(args)
        .map((pair) => pair.join('='))
        .join(';'),
    };
  }

  conf(changes: Changes = {}): Json {
    const { networks, annotations = {}, changes: own = {} } = this.#options;
    const all = { ...annotations, ...(networks === undefined ? {} : { [networksKey]: networks }) };
    return this.node.conf(all, { ...own, ...changes });
  }

  call(command: string, changes: Changes = {}, env: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.node.call({ ...this.env(command), ...env }, this.conf(changes));
  }

  /** The same where the node has no nft command: its folder is empty. */
  callWithoutNft(command: string): Promise<Answer> {
    const hidden = 'mount -t tmpfs tmpfs "$(dirname "$(readlink -f "$(command -v nft)")")" && exec "$0"';
    return this.node.call(this.env(command), this.conf(), ['unshare', '-m', 'sh', '-c', hidden, braid]);
  }

  /** ADD that succeeds; its result. */
  async add(changes: Changes = {}): Promise<Printed> {
    const answer = await this.call('ADD', changes);
    expect(answer.status, `ADD: ${answer.stdout}${answer.stderr}`).toBe(0);
    return answer.json;
  }

  /** ADD that fails, with nothing left in the pod, on disk, or in a store; the error object. */
  async addFails(changes: Changes = {}): Promise<Printed> {
    const before = this.node.reservations();
    const files = this.node.stateFiles();
    const answer = await this.call('ADD', changes);
    expect(answer.status, `ADD: ${answer.stdout}${answer.stderr}`).toBe(1);
    expect(answer.json).toMatchObject({ code: expect.any(Number), msg: expect.any(String) });
    expect(this.names(), 'links of the pod').toEqual(['lo']);
    expect(this.node.reservations(), 'addresses of host-local').toEqual(before);
    expect(this.node.stateFiles(), 'state').toEqual(files);
    return answer.json;
  }

  async check(changes: Changes = {}): Promise<void> {
    const { status, stdout, stderr } = await this.call('CHECK', changes);
    expect([status, stdout], stderr).toEqual([0, '']);
  }

  async del(changes: Changes = {}): Promise<void> {
    const { status, stdout, stderr } = await this.call('DEL', changes);
    expect([status, stdout], stderr).toEqual([0, '']);
  }

  /** DEL twice, then nothing but lo is left. */
  async end(changes: Changes = {}): Promise<void> {
    await this.del(changes);
    this.expectEmpty();
    await this.del(changes);
  }

  /** No link, and so no address and no route, and no rule. */
  expectEmpty(): void {
    expect(this.names(), 'links of the pod').toEqual(['lo']);
    expect([...this.allRules(4), ...this.allRules(6)], 'rules of the pod').toEqual([]);
  }

  /** The record of the sandbox, as it stands on disk. */
  record(): RecordFile {
    return JSON.parse(
      readFileSync(join(this.node.state, 'attachments', `${this.containerId}_eth0.json`), 'utf8'),
    ) as RecordFile;
  }
}

/** What tests read in a record. */
export interface RecordFile {
  readonly attachments: readonly {
    readonly network: string;
    readonly ifName: string;
    readonly isDefault: boolean;
    readonly result?: unknown;
  }[];
  /** There while the cluster is still to be told. */
  readonly unpublished?: { readonly problem?: string };
}

function parsed(text: string): Printed {
  try {
    return JSON.parse(text) as Printed;
  } catch {
    return {};
  }
}

/** The address of one link in a result. */
export function addressesOf({ interfaces = [], ips = [] }: Printed, ifName: string): readonly string[] {
  return ips
    .filter(({ interface: at }) => at !== undefined && interfaces[at]?.name === ifName)
    .map(({ address }) => address);
}

/** The annotation that tells what the pod got, from what is recorded. */
export function statusOf(pod: Pod): readonly Json[] {
  return JSON.parse(toStatus(pod.record().attachments as Parameters<typeof toStatus>[0])) as Json[];
}
