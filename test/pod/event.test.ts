/** Events on a pod. */
import { expect, it } from 'vitest';
import { parseResult } from '../../src/cni/convert';
import { CniError } from '../../src/error';
import { attachedEvents, failedEvent, lostEvent } from '../../src/pod/event';

const pod = { namespace: 'shop', name: 'web-0', uid: 'u1' };
const one = (network: string, ifName: string, addresses: readonly string[]) => ({
  network,
  ifName,
  isDefault: false,
  result: parseResult({ ips: addresses.map((address) => ({ address })) }, '1.1.0', 'x'),
});

it('of attached networks are worded as Multus words them (multus-behaviour.md 4.11)', () => {
  const events = attachedEvents(
    pod,
    [
      one('weave1', 'eth0', ['1.1.1.2/24']),
      one('test/net1', 'net1', ['10.0.0.1/24', 'fd00::1/64']),
      one('l2', 'x', []),
    ],
    'c1',
  );
  expect(events.map(({ message }) => message)).toEqual([
    'Add eth0 [1.1.1.2/24] from weave1',
    'Add net1 [10.0.0.1/24 fd00::1/64] from test/net1',
    'Add x from l2',
  ]);
  expect(new Set(events.map(({ name }) => name)).size).toBe(3);
});

it('of another sandbox of the pod are others', () => {
  const [first, second] = ['c1', 'c2'].flatMap((sandbox) => attachedEvents(pod, [one('a', 'net1', [])], sandbox));
  expect(first?.name).not.toBe(second?.name);
});

it('of a failure have the same name while reason and place are the same', () => {
  const failing = (problem: string, network: string, uid = 'u1') =>
    failedEvent({ ...pod, uid }, new CniError('PoolExhausted', problem, { where: { network } })).name;
  expect(failing('no address in 10.0.0.0/24; tries: 1', 'a')).toBe(failing('no address in 10.0.0.0/24; tries: 2', 'a'));
  expect(failing('x', 'a')).not.toBe(failing('x', 'b'));
  expect(failing('x', 'a')).not.toBe(failing('x', 'a', 'u2'));
});

it('of a lost lease have its reason, and say what helps', () => {
  const where = { network: 'lan', ifName: 'net1' };
  const event = lostEvent(pod, new CniError('LeaseLost', '10.9.0.57 is not on net1 any more', { where }));
  expect(event).toMatchObject({ type: 'Warning', reason: 'LeaseLost', counted: true });
  expect(event.message).toMatch(/^network lan, interface net1: 10\.9\.0\.57 is not .* \(LeaseLost: .*pod.*\)$/);
});

it('never have a message that the API refuses, and keep the hint', () => {
  const { message } = failedEvent(pod, new CniError('DelegateFailed', 'x'.repeat(5000)));
  expect(message.length).toBeLessThanOrEqual(1024);
  expect(message).toMatch(/… \(DelegateFailed: see the message of the delegate, and its log\)$/);
});

it.each([['a'.repeat(253)], [`${'a'.repeat(234)}-${'b'.repeat(10)}`], [`${'a'.repeat(235)}.${'b'.repeat(10)}`]])(
  'of a pod with a long name have one that the API takes',
  (name) => {
    const event = failedEvent({ ...pod, name }, new CniError('PoolExhausted', 'x'));
    expect(event.name.length).toBeLessThanOrEqual(253);
    expect(event.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  },
);
