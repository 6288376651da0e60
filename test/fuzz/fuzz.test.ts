/**
 * Damaged annotations, networks, configurations, environments, results: never a crash, a hang, a leftover or an error
 * without a reason. Through the program's own entry on a node of fakes. FUZZ_CASES: how many cases; FUZZ_SEED: which.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { fuzz, hours } from './cases';
import { damaged, damagedJson, damagedText, hostileTexts } from './mutate';
import { confWith, env, faultsOf, fullConf, fuzzNode, type NodeOptions, usualPrint } from './node';
import { cniArgs, errorObjects, networks, results, selections, shortSelections } from './seeds';

vi.mock('../../src/bin/edges', () => import('./opened'));

const annotationKey = 'k8s.v1.cni.cncf.io/networks';
const defaultKey = 'v1.multus-cni.io/default-network';

/** A whole life: ADD, CHECK, ADD again, DEL; each answer and the node are judged. */
async function live(
  stdin: string,
  environment = env('ADD'),
  options: NodeOptions = { print: usualPrint },
): Promise<void> {
  const node = fuzzNode(options);
  const added = await node.call(environment, stdin);
  expect(faultsOf(added, environment.CNI_COMMAND ?? '')).toEqual([]);
  if (environment.CNI_COMMAND !== 'ADD') return;
  const del = { ...environment, CNI_COMMAND: 'DEL' };
  if (added.status === 1) expect(await node.leftovers(), `left by a failed ADD: ${added.stdout}`).toEqual([]);
  else
    for (const command of ['CHECK', 'ADD'])
      expect(faultsOf(await node.call({ ...environment, CNI_COMMAND: command }, stdin), command), command).toEqual([]);
  const deleted = await node.call(del, stdin);
  if (added.status === 0) expect(deleted, 'DEL').toMatchObject({ status: 0, stdout: '' });
  expect(await node.leftovers(), 'left by DEL').toEqual([]);
}

const json = (value: unknown): string => JSON.stringify(value);
const anySelection = fc.constantFrom<unknown>(...selections);
const anyNetwork = fc.constantFrom(...Object.keys(networks)).map((name) => networks[name] as unknown);

describe('a damaged', () => {
  it(
    'annotation in JSON',
    () => fuzz(0.2, damagedJson(anySelection), (text) => live(confWith({ [annotationKey]: text }))),
    hours,
  );

  it(
    'annotation in short form',
    () =>
      fuzz(0.05, damagedText(fc.constantFrom(...shortSelections)), (text) => live(confWith({ [annotationKey]: text }))),
    hours,
  );

  it(
    'default network annotation',
    () =>
      fuzz(0.05, damagedJson(anySelection), (text) =>
        live(confWith({ [defaultKey]: text }, { multusNamespace: 'default' })),
      ),
    hours,
  );

  it(
    'network',
    () =>
      fuzz(0.25, damagedJson(anyNetwork), (text) =>
        live(confWith({ [annotationKey]: 'x' }), env('ADD'), { print: usualPrint, definitions: { x: text } }),
      ),
    hours,
  );

  it(
    'network that is asked for something',
    () =>
      fuzz(
        0.1,
        fc.tuple(
          damagedJson(anyNetwork),
          damaged(
            fc.constant({
              name: 'x',
              ips: ['192.168.1.9'],
              mac: '02:00:00:00:00:09',
              'default-route': ['192.168.1.1'],
            }),
          ),
        ),
        ([text, selection]) =>
          live(confWith({ [annotationKey]: json([selection]) }), env('ADD'), {
            print: usualPrint,
            definitions: { x: text },
          }),
      ),
    hours,
  );

  it(
    'configuration of type braid, whatever the verb',
    () =>
      fuzz(
        0.15,
        fc.tuple(
          fc.constantFrom('ADD', 'DEL', 'CHECK', 'GC', 'STATUS'),
          damagedJson(fc.constant<unknown>(fullConf({ cniVersion: '1.1.0' }))),
        ),
        ([command, text]) => live(text, env(command)),
      ),
    hours,
  );

  it(
    'environment',
    () => {
      const variable = fc.oneof(
        fc.constantFrom(...hostileTexts),
        damagedText(fc.constantFrom(...cniArgs, '/var/run/netns/pod', 'eth0', 'c1')),
      );
      const keys = [
        'CNI_COMMAND',
        'CNI_CONTAINERID',
        'CNI_NETNS',
        'CNI_IFNAME',
        'CNI_PATH',
        'CNI_ARGS',
        'CNI_NETNS_OVERRIDE',
      ];
      const changes = fc.dictionary(fc.constantFrom(...keys), variable, { minKeys: 1, maxKeys: 3 });
      const args = damagedText(fc.constantFrom(...cniArgs));
      const command = fc.constantFrom('ADD', 'ADD', 'ADD', 'DEL', 'CHECK', 'GC', 'STATUS');
      return fuzz(0.1, fc.tuple(command, changes, args), ([verb, change, text]) =>
        live(confWith({ [annotationKey]: 'a,b' }), { ...env(verb, { CNI_ARGS: text }), ...change }),
      );
    },
    hours,
  );

  it(
    "foreign delegate's output",
    () => {
      const output = damagedJson(fc.constantFrom<unknown>(...results, ...errorObjects));
      return fuzz(0.1, fc.tuple(fc.constantFrom('f', 'w', 'f,w', 'a,f'), output), ([annotation, text]) =>
        live(confWith({ [annotationKey]: annotation }), env('ADD'), {
          print: (_, command) => (command === 'ADD' ? text : ''),
        }),
      );
    },
    hours,
  );
});
