/**
 * Damaged definitions, requests, records and stores over the real disk edges: nothing is written outside Braid's own
 * directory and the roots of leases, and nothing damaged stops DEL or GC. Writes a temporary directory only.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { files } from '../../src/disk/files';
import { createLeaseStore } from '../../src/disk/leases';
import { createNetworks } from '../../src/disk/networks';
import { createRecords } from '../../src/disk/records';
import { createForeign } from '../../src/exec/foreign';
import type { ProgramEnd } from '../../src/exec/program';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { fuzz, hours } from './cases';
import { allowWrites, attempts } from './guard';
import { damagedJson, damagedText, damages, hostileTexts, withDamage } from './mutate';
import { confWith, type Env, env, faultsOf, fuzzNode } from './node';
import { errorObjects, networks, results } from './seeds';

vi.mock('node:fs', async (original) => (await import('./guard')).guarded(await original()));
vi.mock('../../src/bin/edges', () => import('./opened'));
vi.mock('../../src/exec/program', () => ({
  longestOutput: 8 * 1024 * 1024,
  runProgram: async (call: { env: Env }) => end(call.env.CNI_COMMAND ?? ''),
}));

const finished: ProgramEnd = { exitCode: 0, signal: undefined, stdout: '', stderr: '', killed: undefined };
let end: (command: string) => ProgramEnd = () => finished;

const annotations = { 'k8s.v1.cni.cncf.io/networks': 'x' };

/** A node whose files are real. */
function diskNode() {
  const root = temporaryDirectory();
  const places = {
    cniDir: join(root, 'braid'),
    leases: join(root, 'leases'),
    manifests: join(root, 'networks'),
    confDir: join(root, 'conf'),
    bin: join(root, 'bin'),
  };
  const log = fakeLog();
  for (const directory of [places.leases, places.manifests, places.confDir, places.bin, join(root, 'outside')])
    mkdirSync(directory);
  for (const type of ['fancy', 'tune', 'whereabouts']) writeFileSync(join(places.bin, type), '');
  symlinkSync(join(root, 'outside'), join(places.leases, 'out'));
  const store = createLeaseStore({ roots: [places.leases], cniDir: places.cniDir });
  const node = fuzzNode({
    edges: {
      records: createRecords(places.cniDir, log),
      leases: { ...store, locked: (dataDir, network, work) => store.locked(dataDir ?? places.leases, network, work) },
      networks: createNetworks({ networksDirs: [places.manifests], confDir: places.confDir }, log),
      foreign: createForeign(
        { directories: [places.bin], timeout: 60, locks: `${places.cniDir}/locks`, env: {}, builtIn: [] },
        log,
      ),
      files,
    },
  });
  /** Calls with writing allowed where Braid may write; faults of the answer, and what was written elsewhere. */
  const call = async (environment: Env, stdin: string) => {
    attempts.length = 0;
    allowWrites([places.cniDir, places.leases]);
    try {
      const outcome = await node.call(environment, stdin);
      return {
        outcome,
        faults: [
          ...faultsOf(outcome, environment.CNI_COMMAND ?? ''),
          ...attempts,
          ...filesBelow(join(root, 'outside')),
        ],
      };
    } finally {
      allowWrites(undefined);
    }
  };
  /** Addresses held, records and locks on disk. */
  const left = async (): Promise<readonly string[]> => [
    ...(await node.leftovers()),
    ...filesBelow(places.leases).filter((path) => /\/[\da-f.:]*[.:][\da-f.:]*$/.test(path)),
    ...filesBelow(places.cniDir).filter((path) => !/^(stores|failures)\//.test(path.slice(places.cniDir.length + 1))),
  ];
  return { ...places, root, node, call, left };
}

function filesBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** A definition in a manifest, as people apply it. */
const manifest = (config: unknown): object => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name: 'x', namespace: 'default' },
  spec: { config: typeof config === 'string' ? config : JSON.stringify(config) },
});

const stores = (leases: string) => [
  undefined,
  leases,
  `${leases}/sub`,
  `${leases}/out`,
  `${leases}/../outside`,
  '/etc',
  'relative',
  `${leases}/a\0b`,
];

describe('over the real disk, a damaged', () => {
  it(
    'network writes nothing elsewhere and leaves nothing',
    () => {
      const config = fc.tuple(
        fc.constantFrom(...Object.keys(networks)),
        fc.nat(7),
        fc.option(fc.constantFrom(...hostileTexts)),
      );
      return fuzz(0.03, config, async ([name, store, hostile]) => {
        const { call, left, manifests, leases } = diskNode();
        const text = JSON.stringify(networks[name]).replaceAll(
          '"type":"host-local"',
          `"type":"host-local","dataDir":${JSON.stringify(hostile ?? stores(leases)[store] ?? '')}`,
        );
        writeFileSync(join(manifests, 'x.json'), JSON.stringify(manifest(text)));
        const print = JSON.stringify(results[0]);
        end = (command) => ({ ...finished, stdout: command === 'ADD' ? print : '' });
        const { faults } = await call(env('ADD'), confWith(annotations));
        expect(faults).toEqual([]);
        expect((await call(env('DEL'), confWith(annotations))).faults).toEqual([]);
        expect(await left()).toEqual([]);
      });
    },
    hours,
  );

  it(
    'manifest is refused or used',
    () =>
      fuzz(
        0.03,
        fc.oneof(
          damagedJson(fc.constantFrom(...Object.values(networks)).map((config): unknown => manifest(config))),
          damagedText(
            fc.constant(
              'apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata:\n  name: x\nspec:\n  config: |\n    {"type": "macvlan", "master": "eth1"}\n',
            ),
          ),
        ),
        async (text) => {
          const { call, left, manifests } = diskNode();
          writeFileSync(join(manifests, 'x.yaml'), text);
          end = () => finished;
          expect((await call(env('ADD'), confWith(annotations))).faults).toEqual([]);
          expect((await call(env('DEL'), confWith(annotations))).faults).toEqual([]);
          expect(await left()).toEqual([]);
        },
      ),
    hours,
  );

  it(
    'request names no file elsewhere',
    () => {
      const variable = fc.oneof(
        fc.constantFrom(...hostileTexts),
        damagedText(fc.constantFrom('c1', 'eth0', 'default')),
      );
      const change = fc.dictionary(fc.constantFrom('CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_NETNS'), variable, {
        minKeys: 1,
        maxKeys: 2,
      });
      return fuzz(0.03, fc.tuple(change, variable, variable), async ([changes, namespace, name]) => {
        const { call, left, manifests } = diskNode();
        writeFileSync(join(manifests, 'x.json'), JSON.stringify(manifest(networks.a)));
        const args = { CNI_ARGS: `K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name}` };
        for (const command of ['ADD', 'CHECK', 'DEL'])
          expect((await call({ ...env(command, args), ...changes }, confWith(annotations))).faults).toEqual([]);
        expect(await left()).toEqual([]);
      });
    },
    hours,
  );

  it(
    "delegate's end is a result or an error of the catalogue",
    () => {
      const text = fc.oneof(
        damagedJson(fc.constantFrom<unknown>(...results, ...errorObjects)),
        fc.constantFrom(...hostileTexts),
      );
      const ends: fc.Arbitrary<ProgramEnd> = fc.record({
        exitCode: fc.constantFrom(0, 0, 1, 127, undefined),
        signal: fc.constantFrom(undefined, undefined, 'SIGKILL'),
        stdout: text,
        stderr: text,
        killed: fc.constantFrom(undefined, undefined, undefined, 'timeout' as const, 'output' as const),
      });
      return fuzz(0.03, fc.tuple(fc.constantFrom('f', 'w'), ends), async ([name, ended]) => {
        const { call, left, manifests } = diskNode();
        writeFileSync(join(manifests, 'x.json'), JSON.stringify(manifest(networks[name])));
        end = (command) => (command === 'ADD' ? ended : finished);
        expect((await call(env('ADD'), confWith(annotations))).faults).toEqual([]);
        expect((await call(env('DEL'), confWith(annotations))).faults).toEqual([]);
        expect(await left()).toEqual([]);
      });
    },
    hours,
  );

  it(
    'record stops neither DEL nor GC; of one that is cut off, the addresses come back',
    () => {
      const damage = fc.oneof(damages, fc.nat(9999));
      return fuzz(0.03, fc.tuple(fc.constantFrom('a', 'b', 'i', 'f'), damage), async ([name, how]) => {
        const { call, left, manifests, cniDir, node } = diskNode();
        writeFileSync(join(manifests, 'x.json'), JSON.stringify(manifest(networks[name])));
        end = (command) => ({ ...finished, stdout: command === 'ADD' ? JSON.stringify(results[0]) : '' });
        expect((await call(env('ADD'), confWith(annotations))).faults).toEqual([]);
        const path = join(cniDir, 'attachments', 'c1_eth0.json');
        const text = readFileSync(path, 'utf8');
        const cut = typeof how === 'number' ? text.slice(0, how % text.length) : undefined;
        writeFileSync(
          path,
          cut ?? JSON.stringify(withDamage(JSON.parse(text), how as Parameters<typeof withDamage>[1])),
        );
        expect((await call(env('DEL'), confWith(annotations))).faults).toEqual([]);
        node.kernel.removeNamespace('/var/run/netns/pod');
        const nothingValid = JSON.stringify({ ...JSON.parse(confWith(annotations)), 'cni.dev/valid-attachments': [] });
        expect((await call(env('GC'), nothingValid)).faults).toEqual([]);
        if (cut !== undefined) expect(await left()).toEqual([]);
      });
    },
    hours,
  );
});
