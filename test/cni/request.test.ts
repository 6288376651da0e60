/** One call of a runtime, from the environment. */
import { describe, expect, it } from 'vitest';
import { type Env, parseRequest, podOf } from '../../src/cni/request';
import { failing } from '../failing';

const whole = {
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/var/run/netns/p',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=u1;K8S_POD_INFRA_CONTAINER_ID=c1',
};

const request = (command: string, changes: Env = {}) => parseRequest({ ...whole, CNI_COMMAND: command, ...changes });

describe('a complete environment', () => {
  it.each(['ADD', 'CHECK', 'DEL'])('is a %s with all its parts', (command) => {
    expect(request(command)).toMatchObject({
      command,
      containerId: 'c1',
      ifName: 'eth0',
      netns: '/var/run/netns/p',
      path: ['/opt/cni/bin', '/usr/lib/cni'],
      pod: { namespace: 'shop', name: 'web-0', uid: 'u1', infraContainerId: 'c1' },
      netnsOverride: false,
    });
  });

  it.each(['GC', 'STATUS'])('is a %s with the path alone', (command) => {
    expect(request(command)).toEqual({ command, path: ['/opt/cni/bin', '/usr/lib/cni'] });
  });
});

describe('missing variables', () => {
  it.each([
    ['ADD', '[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH]'],
    ['CHECK', '[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH]'],
    ['DEL', '[CNI_CONTAINERID,CNI_IFNAME]'],
    ['GC', '[CNI_PATH]'],
    ['STATUS', '[CNI_PATH]'],
  ])('are all named at once for %s', (command, names) => {
    const text = `Cannot serve ${command}: required env variables ${names} missing`;
    expect(() => parseRequest({ CNI_COMMAND: command })).toThrow(failing('EnvironmentInvalid', text));
  });

  it('counts empty ones', () => {
    expect(() => request('ADD', { CNI_NETNS: '', CNI_PATH: '' })).toThrow(
      failing('EnvironmentInvalid', '[CNI_NETNS,CNI_PATH]'),
    );
  });

  it.each([undefined, ''])('names CNI_COMMAND when it is %j', (command) => {
    expect(() => parseRequest({ ...whole, CNI_COMMAND: command })).toThrow(
      failing('EnvironmentInvalid', '[CNI_COMMAND]'),
    );
  });

  it('come after a value that is there and unusable', () => {
    const env = { CNI_COMMAND: 'ADD', CNI_IFNAME: 'a/b' };
    expect(() => parseRequest(env)).toThrow(failing('EnvironmentInvalid', 'as CNI_IFNAME'));
  });
});

describe('ADD refuses', () => {
  it.each([
    [
      'a container id that is no file name',
      { CNI_CONTAINERID: '../c1' },
      'as CNI_CONTAINERID: invalid characters in containerID',
    ],
    [
      'an interface name of 16 bytes',
      { CNI_IFNAME: 'x'.repeat(16) },
      'as CNI_IFNAME: an interface name has at most 15 bytes',
    ],
    ['an interface name with a colon', { CNI_IFNAME: 'a:b' }, 'as CNI_IFNAME'],
    ['a relative namespace', { CNI_NETNS: 'netns' }, 'as CNI_NETNS: need an absolute path'],
    ['CNI_ARGS without =', { CNI_ARGS: 'IgnoreUnknown:1' }, 'in CNI_ARGS: need KEY=VALUE'],
    ['a pod without namespace', { CNI_ARGS: 'K8S_POD_NAME=web' }, 'K8S_POD_NAMESPACE is missing or empty'],
    ['a namespace without pod', { CNI_ARGS: 'K8S_POD_NAMESPACE=shop' }, 'K8S_POD_NAME is missing or empty'],
    ['a pod name that is a path', { CNI_ARGS: 'K8S_POD_NAMESPACE=shop;K8S_POD_NAME=../x' }, 'as K8S_POD_NAME'],
  ])('%s', (_, changes, text) => {
    expect(() => request('ADD', changes)).toThrow(failing('EnvironmentInvalid', text));
  });
});

it.each(['add', 'RUN', '__proto__', 'toString'])('knows no command %s', (command) => {
  expect(() => request(command)).toThrow(failing('EnvironmentInvalid', 'unknown CNI_COMMAND'));
});

describe('DEL goes on', () => {
  it.each([
    ['without a namespace', { CNI_NETNS: undefined }, { netns: undefined }],
    ['with an empty namespace', { CNI_NETNS: '' }, { netns: undefined }],
    ['with a namespace that is no path', { CNI_NETNS: 'gone' }, { netns: undefined }],
    ['without CNI_PATH', { CNI_PATH: undefined }, { path: [] }],
    ['with malformed CNI_ARGS', { CNI_ARGS: 'bad;A=1' }, { args: [['A', '1']], pod: undefined }],
    ['with half a pod', { CNI_ARGS: 'K8S_POD_NAME=web' }, { pod: undefined }],
  ])('%s', (_, changes, parts) => {
    expect(request('DEL', changes)).toMatchObject({ command: 'DEL', containerId: 'c1', ...parts });
  });

  it('but not for a container that no ADD can have had', () => {
    expect(() => request('DEL', { CNI_CONTAINERID: '../c1' })).toThrow(
      failing('EnvironmentInvalid', 'CNI_CONTAINERID'),
    );
  });
});

it.each([
  ['1', true],
  ['true', true],
  ['TRUE', true],
  ['0', false],
  ['yes', false],
  ['', false],
])('CNI_NETNS_OVERRIDE=%s is %s', (text, expected) => {
  expect(request('ADD', { CNI_NETNS_OVERRIDE: text })).toMatchObject({ netnsOverride: expected });
});

it('finds no pod where the runtime is no Kubernetes', () => {
  expect(podOf([['IgnoreUnknown', '1']])).toBeUndefined();
});
