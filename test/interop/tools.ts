/** Programs that no one here wrote, as a runtime's operator uses them. Runs them on a test's node; writes files of its own. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { type Answer, braid, type Json, type Node, type Printed, type Space } from '../e2e/runtime';

/** Where scripts/go-tools put what test/interop/go.mod pins: cnitool, every reference plugin, and what calls go-cni. */
const goTools = resolve(process.env.BRAID_INTEROP ?? join(import.meta.dirname, '../../dist/interop'));

/** The path of a Go program; a test that needs one fails here when it was not built. */
export function goTool(name: string): string {
  const path = join(goTools, name);
  if (!existsSync(path)) expect.fail(`No ${path}: run make test-interop, which builds it`);
  return path;
}

/** Puts reference plugins, by default all, and Braid into a CNI bin directory, as an administrator would. */
export function fillBinDir(dir: string, plugins: readonly string[] = referencePlugins()): void {
  mkdirSync(dir, { recursive: true });
  for (const plugin of plugins) symlinkSync(goTool(plugin), join(dir, plugin));
  symlinkSync(braid, join(dir, 'braid'));
}

const referencePlugins = (): readonly string[] =>
  readdirSync(goTools).filter((name) => name !== 'cnitool' && name !== 'gocni' && !name.startsWith('.'));

/** libcni by its own command line: one network configuration list on a node. */
export class Cnitool {
  readonly #confDir: string;

  constructor(
    readonly node: Node,
    readonly list: Json & { readonly name: string },
  ) {
    this.#confDir = join(node.dir, 'cnitool', list.name);
    mkdirSync(this.#confDir, { recursive: true });
    writeFileSync(join(this.#confDir, '10-list.conflist'), JSON.stringify(list));
  }

  /** `cnitool VERB LIST NAMESPACE`; capability arguments as the kubelet's runtime gives them. */
  call(verb: string, pod: Space, { capabilities = {}, ifName = 'eth0' }: CallOptions = {}): Promise<Answer> {
    const env = {
      NETCONFPATH: this.#confDir,
      CNI_PATH: this.node.binDir,
      CNI_IFNAME: ifName,
      CAP_ARGS: JSON.stringify(capabilities),
    };
    return this.node.call(env, '', [goTool('cnitool'), verb, this.list.name, pod.path]);
  }

  /** The same where success is wanted; what the plugins printed. */
  async succeed(verb: string, pod: Space, options: CallOptions = {}): Promise<Printed> {
    const { status, stdout, stderr, json } = await this.call(verb, pod, options);
    expect(status, `cnitool ${verb}: ${stdout}${stderr}`).toBe(0);
    return json;
  }
}

interface CallOptions {
  readonly capabilities?: Json;
  readonly ifName?: string;
}
