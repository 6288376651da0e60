/** The ValidatingAdmissionPolicy: CEL refuses what it can see is wrong, and nothing that Braid takes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { evaluate } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseVlan } from '../plugins/vlan';
import { policyFile, rules } from '../scripts/policy';
import { parseNetwork, typeOf } from '../src/cni/network';
import { networksAnnotation, parseNetworks } from '../src/pod/networks';
import { refusal } from './bin/schema-verdicts';
import { damagedJson, damagedText } from './fuzz/mutate';
import { networks, shortSelections } from './fuzz/seeds';

const holds = (all: readonly { readonly expression: string }[], object: object): boolean =>
  all.every(({ expression }) => evaluate(expression, { object }) === true);
const network = (config: string): boolean => holds(rules.network, { spec: { config } });
/** Why Braid refuses the network; `undefined`: it takes it. What the policy knows of a plugin's keys is vlan's. */
const whyRefused = (config: string): unknown =>
  refusal(() => parseNetwork(config, 'n')) ??
  parseNetwork(config, 'n')
    .plugins.filter((plugin) => typeOf(plugin) === 'vlan')
    .map((plugin) => refusal(() => parseVlan(plugin)))
    .find((why) => why !== undefined);
const pod = (text: string): boolean => holds(rules.pod, { metadata: { annotations: { [networksAnnotation]: text } } });

it('is what scripts/policy.ts makes', () => {
  expect(readFileSync(path.join(import.meta.dirname, '../conf/policy/policy.yaml'), 'utf8')).toBe(policyFile());
});

describe('refuses', () => {
  it.each([
    '{“type”: "macvlan"}',
    "{'type': 'macvlan'}",
    '{"type": "macvlan",}',
    '{"type": "macvlan"} // x',
    '[]',
    'macvlan',
    '{"name": "x", "ipam": {}}',
    '{"type": "vlan", "master": "eth1", "vlanId": 4095}',
    '{"vlanId": 70000, "type": "vlan", "master": "eth1"}',
  ])('the network %s', (config) => {
    expect(network(config)).toBe(false);
    expect(whyRefused(config)).toBeDefined();
  });

  it.each(['[{“name”: “a”}]', '[{"name": "a",}]', '[{"name": "a"},]', "[{'name': 'a'}]", '[{"name": "a"} /* x */]'])(
    'the annotation %s',
    (text) => {
      expect(pod(text)).toBe(false);
      expect(refusal(() => parseNetworks(text, 'default'))).toBeDefined();
    },
  );

  it('an interface name of 16 characters', () => {
    expect([pod('a@net1,b@data0'), pod('a@abcdefghijklmno'), pod('a@abcdefghijklmnop')]).toEqual([true, true, false]);
  });
});

describe('takes', () => {
  it.each([
    '{"type": "vlan", "vlanId": 4094}',
    '{"type": "vlan", "vlanId": 0}',
    '{"TYPE": "vlan", "master": "eth1", "vlanId": 1}',
    '{"type": "geneve", "vlanId": 70000}',
    '{"plugins": [{"type": "vlan", "vlanId": 1}, {"type": "other", "vlanId": 70000}]}',
    '{"type": "other", "vlanId": 70000, "args": {"type": "vlan"}}',
    '{"\\u0074ype": "macvlan"}',
  ])('the network %s', (config) => {
    expect(network(config)).toBe(true);
  });

  it('objects without configuration or annotations', () => {
    expect(holds(rules.network, {}) && holds(rules.network, { spec: {} }) && network('')).toBe(true);
    expect(holds(rules.pod, { metadata: {} })).toBe(true);
  });

  it('every network that Braid takes', () => {
    const seeds = fc.constantFrom(...Object.values(networks));
    fc.assert(
      fc.property(damagedJson(seeds), (text) => {
        if (whyRefused(text) === undefined) expect(network(text), text).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('every annotation in JSON that Braid takes', () => {
    const seeds = fc.constantFrom<object[]>(
      [{ name: 'a', namespace: 'b', interface: 'data0', ips: ['10.0.0.1/24'], mac: '02:00:00:00:00:01' }],
      [
        { name: 'a' },
        { name: 'b', 'default-route': ['10.0.0.254'], 'cni-args': { text: 'with "quotes", and {braces}' } },
      ],
    );
    fc.assert(
      fc.property(damagedJson(seeds), (text) => {
        if (refusal(() => parseNetworks(text, 'default')) === undefined) expect(pod(text), text).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('every annotation that Braid takes', () => {
    fc.assert(
      fc.property(damagedText(fc.constantFrom(...shortSelections)), (text) => {
        if (refusal(() => parseNetworks(text, 'default')) === undefined) expect(pod(text), text).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
