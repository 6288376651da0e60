/** One element of the networks annotation. */
import { describe, expect, it } from 'vitest';
import { parseSelection, toCapabilities } from '../../src/pod/selection';
import { failing } from '../failing';

const element = (fields: object) => {
  const warnings: string[] = [];
  const selection = parseSelection(
    JSON.parse(JSON.stringify({ name: 'a', ...fields })),
    'networks[0]',
    'shop',
    warnings,
  );
  return { selection, warnings };
};

it.each<[object, object]>([
  [{}, {}],
  [{ namespace: 'ns' }, { namespace: 'ns' }],
  [{ namespace: '' }, { namespace: 'shop' }],
  [{ interface: 'lan0' }, { ifName: 'lan0' }],
  [{ interfaceRequest: 'lan0' }, { ifName: 'lan0' }],
  [{ interface: 'lan0', interfaceRequest: 'old0' }, { ifName: 'lan0' }],
  [{ interface: '' }, {}],
  [{ ips: ['10.0.0.5', '10.0.0.6/24', '2001:DB8::5/64'] }, { ips: ['10.0.0.5', '10.0.0.6/24', '2001:db8::5/64'] }],
  [{ ips: [] }, { ips: [] }],
  [{ ips: null }, {}],
  [{ IPs: ['10.0.0.5'] }, { ips: ['10.0.0.5'] }],
  [{ mac: 'C2-11-22-33-44-AA' }, { mac: 'c2:11:22:33:44:aa' }],
  [{ mac: '' }, {}],
  [{ 'infiniband-guid': 'C2:11:22:33:44:55:66:77' }, { infinibandGuid: 'c2:11:22:33:44:55:66:77' }],
  [
    { portMappings: [{ hostPort: 8080, containerPort: 80 }] },
    { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
  ],
  [
    { portMappings: [{ hostPort: 1, containerPort: 65535, protocol: 'UDP', hostIP: '10.0.0.1' }] },
    { portMappings: [{ hostPort: 1, containerPort: 65535, protocol: 'udp', hostIP: '10.0.0.1' }] },
  ],
  [{ bandwidth: { ingressRate: 1000, ingressBurst: 2000 } }, { bandwidth: { ingressRate: 1000, ingressBurst: 2000 } }],
  [{ bandwidth: { egressRate: 5 } }, { bandwidth: { egressRate: 5 } }],
  [{ bandwidth: { ingressRate: 0, ingressBurst: 0 } }, { bandwidth: { ingressRate: 0, ingressBurst: 0 } }],
  [{ 'default-route': ['192.168.0.254'] }, { defaultRoute: ['192.168.0.254'] }],
  [{ 'default-route': ['192.168.0.254', 'FE80::1'] }, { defaultRoute: ['192.168.0.254', 'fe80::1'] }],
  [{ 'default-route': ['10.0.0.2', '10.0.0.1'] }, { defaultRoute: ['10.0.0.2', '10.0.0.1'] }],
  [{ 'default-route': [] }, { defaultRoute: [] }],
  [{ 'cni-args': { key: [1, { deep: true }] } }, { cniArgs: { key: [1, { deep: true }] } }],
  [{ 'cni-args': null }, {}],
  [{ deviceID: '0000:01:00.0' }, { deviceId: '0000:01:00.0' }],
  [{ 'ipam-claim-reference': '' }, {}],
])('%j means %j', (fields, expected) => {
  expect(element(fields)).toEqual({ selection: { namespace: 'shop', name: 'a', ...expected }, warnings: [] });
});

it.each<[object, string]>([
  [{ name: 'a/b' }, 'as networks[0].name'],
  [{ name: 'A' }, 'as networks[0].name'],
  [{ namespace: 'a.b' }, 'as networks[0].namespace'],
  [{ interface: 'x'.repeat(16) }, 'as networks[0].interface: an interface name has at most 15 bytes'],
  [{ interface: 'a/b' }, 'as networks[0].interface'],
  [{ interface: 7 }, 'Cannot use 7 as networks[0].interface: need a string'],
  [{ ips: '10.0.0.5' }, 'Cannot use "10.0.0.5" as networks[0].ips: need a list'],
  [{ ips: ['10.0.0.5', '10.0.0'] }, 'Cannot use "10.0.0" as networks[0].ips[1]: need an IP address'],
  [{ ips: [''] }, 'as networks[0].ips[0]'],
  [{ ips: ['10.0.0.5/33'] }, 'as networks[0].ips[0]'],
  [{ ips: [null] }, 'as networks[0].ips[0]'],
  [{ mac: '02:00:00:00:00' }, 'as networks[0].mac: need a MAC address of 6 bytes'],
  [{ mac: '00:11:22:33:44:55:66:77' }, 'as networks[0].mac'],
  [{ 'infiniband-guid': '02:00:00:00:00:01' }, 'as networks[0].infiniband-guid: need 8 bytes'],
  [{ portMappings: {} }, 'as networks[0].portMappings: need a list'],
  [
    { portMappings: [{ containerPort: 80 }] },
    'as networks[0].portMappings[0].hostPort: need an integer from 1 to 65535',
  ],
  [{ portMappings: [{ hostPort: 65536, containerPort: 80 }] }, 'portMappings[0].hostPort'],
  [
    { portMappings: [{ hostPort: '80', containerPort: 80 }] },
    'Cannot use "80" as networks[0].portMappings[0].hostPort',
  ],
  [
    { portMappings: [{ hostPort: 1, containerPort: 1, protocol: 'icmp' }] },
    'portMappings[0].protocol: need one of tcp, udp, sctp',
  ],
  [{ portMappings: [{ hostPort: 1, containerPort: 1, hostIP: 'x' }] }, 'portMappings[0].hostIP: need an IP address'],
  [
    { portMappings: [{ hostPorts: 1, containerPort: 1 }] },
    '"hostPorts" in networks[0].portMappings[0]: did you mean "hostPort"?',
  ],
  [{ bandwidth: 1000 }, 'as networks[0].bandwidth: need a JSON object'],
  [{ bandwidth: { ingressBurst: 5 } }, 'as networks[0].bandwidth.ingressBurst: need ingressRate, too'],
  [{ bandwidth: { egressRate: 0, egressBurst: 5 } }, 'need egressRate, too'],
  [{ bandwidth: { ingressRate: -1 } }, 'as networks[0].bandwidth.ingressRate'],
  [{ bandwidth: { ingressRate: '1k' } }, 'Cannot use "1k" as networks[0].bandwidth.ingressRate'],
  [{ 'default-route': '10.0.0.1' }, 'as networks[0].default-route: need a list'],
  [{ 'default-route': [''] }, 'as networks[0].default-route[0]: need an IP address'],
  [{ 'default-route': ['10.0.0.1/24'] }, 'as networks[0].default-route[0]'],
  [{ 'default-route': ['fe80::1', 'FE80::1'] }, 'Cannot use "fe80::1" twice in networks[0].default-route'],
  [{ 'cni-args': [] }, 'as networks[0].cni-args: need a JSON object'],
  [{ 'cni-args': 'x' }, 'as networks[0].cni-args'],
  [{ deviceID: 7 }, 'as networks[0].deviceID'],
])('%j is refused: %s', (fields, problem) => {
  expect(() => element(fields)).toThrow(failing('AnnotationInvalid', problem));
});

describe('a field nobody knows', () => {
  it.each([
    ['defaultRoute', 'default-route'],
    ['default-routes', 'default-route'],
    ['intreface', 'interface'],
    ['ip', 'ips'],
    ['namespcae', 'namespace'],
    ['cniargs', 'cni-args'],
    ['infinibandGuid', 'infiniband-guid'],
    ['portMapping', 'portMappings'],
    ['device-id', 'deviceID'],
  ])('%s is refused: it is a near miss of %s', (field, meant) => {
    expect(() => element({ [field]: ['x'] })).toThrow(
      failing('AnnotationInvalid', `"${field}" in networks[0]`, `did you mean "${meant}"?`),
    );
  });

  it.each(['gateway', 'vlan', 'mtu', 'example.com/own'])('%s is a warning: Multus ignores it, too', (field) => {
    const { selection, warnings } = element({ [field]: 'x' });
    expect(selection).toEqual({ namespace: 'shop', name: 'a' });
    expect(warnings).toEqual([`unknown field "${field}" in networks[0] is ignored`]);
  });

  it('with the prefix braid.dev/ is refused: a setting of ours must not be ignored', () => {
    expect(() => element({ 'braid.dev/isolation': false })).toThrow(
      failing('FieldUnsupported', '"braid.dev/isolation"'),
    );
  });
});

it('reads the name of an IPAM claim, and refuses addresses beside it', () => {
  expect(element({ 'ipam-claim-reference': 'vm-a', ips: [] }).selection.ipamClaim).toBe('vm-a');
  const both = () => element({ 'ipam-claim-reference': 'vm-a', ips: ['10.0.0.5'] });
  expect(both).toThrow(failing('AnnotationInvalid', 'Cannot use ips of networks[0] with ipam-claim-reference "vm-a"'));
  expect(() => element({ 'ipam-claim-reference': '../vm' })).toThrow(
    failing('AnnotationInvalid', 'as networks[0].ipam'),
  );
});

it('asks plugins by capability', () => {
  const { selection } = element({
    ips: ['10.0.0.5/24'],
    mac: '02:00:00:00:00:01',
    'infiniband-guid': '00:11:22:33:44:55:66:77',
    portMappings: [{ hostPort: 1, containerPort: 2 }],
    bandwidth: { ingressRate: 1 },
    deviceID: 'd',
  });
  expect(toCapabilities(selection)).toEqual({
    ips: ['10.0.0.5/24'],
    mac: '02:00:00:00:00:01',
    infinibandGUID: '00:11:22:33:44:55:66:77',
    portMappings: [{ hostPort: 1, containerPort: 2, protocol: 'tcp' }],
    bandwidth: { ingressRate: 1 },
    deviceID: 'd',
  });
});

it('asks for no capability when nothing is asked for', () => {
  expect(toCapabilities(element({ ips: [] }).selection)).toEqual({});
});
