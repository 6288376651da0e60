/** Names that the kernel, CNI and Kubernetes allow. */
import { describe, expect, it } from 'vitest';
import { containerId, derivedName, ifName, ifNameProblem, netnsPath, networkName } from '../../src/net/names';
import { failing } from '../failing';

describe('ifName', () => {
  it.each(['net1', 'eth0.100', 'a', 'x'.repeat(15), 'pod-if_9', 'UPPER'])('takes %s', (name) => {
    expect(ifName(name, 'interface')).toBe(name);
  });

  it.each([
    ['', 'need an interface name'],
    [undefined, 'need an interface name'],
    [7, 'need an interface name'],
    ['x'.repeat(16), 'at most 15 bytes'],
    ['ääääääää', 'at most 15 bytes'],
    ['.', 'not . or ..'],
    ['..', 'not . or ..'],
    ['a/b', 'no slash, colon, space'],
    ['a:b', 'no slash, colon, space'],
    ['a b', 'no slash, colon, space'],
    ['a\tb', 'no slash, colon, space'],
    ['a\u00a0b', 'no slash, colon, space'],
    ['a\0b', 'control character'],
    ['a\ud800', 'whole characters'],
  ])('refuses %j: %s', (name, problem) => {
    expect(ifNameProblem(name)).toContain(problem);
    expect(() => ifName(name, 'interface')).toThrow(failing('ConfigInvalid', 'as interface', problem));
  });
});

describe('containerId', () => {
  it.each(['cnitool-77383ca0a0715733ca6f', 'a', '0_.-', 'x'.repeat(200)])('takes %s', (id) => {
    expect(containerId(id)).toBe(id);
  });

  it.each(['../x', '-a', '.a', '_a', 'a/b', 'a b', 'a\n', 'ä', ''])('refuses %j', (id) => {
    expect(() => containerId(id)).toThrow(failing('EnvironmentInvalid', 'invalid characters in containerID'));
  });

  it('refuses what is too long for a file name', () => {
    expect(() => containerId('x'.repeat(201))).toThrow(failing('EnvironmentInvalid', 'at most 200 characters'));
  });
});

describe('networkName', () => {
  it.each(['cbr0', 'vlan1-internal-static', 'a.b_c-d', '0'])('takes %s', (name) => {
    expect(networkName(name)).toBe(name);
  });

  it.each([undefined, null, ''])('misses a name in %j', (name) => {
    expect(() => networkName(name)).toThrow(failing('ConfigInvalid', 'missing network name'));
  });

  it.each(['../etc', 'a/b', ' a', 7, {}])('refuses %j', (name) => {
    expect(() => networkName(name)).toThrow(failing('ConfigInvalid', 'invalid characters found in network name'));
  });
});

describe('netnsPath', () => {
  it('takes an absolute path', () => {
    expect(netnsPath('/var/run/netns/a')).toBe('/var/run/netns/a');
  });

  it.each(['', 'netns', './a', '/a\0b'])('refuses %j', (path) => {
    expect(() => netnsPath(path)).toThrow(failing('EnvironmentInvalid', 'need an absolute path'));
  });
});

describe('derivedName', () => {
  it('is the same for the same parts, and an interface name', () => {
    expect(derivedName('veth', 'id', 'eth0')).toBe(derivedName('veth', 'id', 'eth0'));
    expect(ifNameProblem(derivedName('veth', 'id', 'eth0'))).toBeUndefined();
  });

  it('tells parts apart that read alike together', () => {
    expect(derivedName('veth', 'ab', 'c')).not.toBe(derivedName('veth', 'a', 'bc'));
  });

  it('has 8 digits, fewer behind a long prefix', () => {
    expect(derivedName('veth', 'a')).toMatch(/^veth[0-9a-f]{8}$/);
    expect(derivedName('longprefix', 'a')).toMatch(/^longprefix[0-9a-f]{5}$/);
  });
});
