/** Foreign delegates and IPAM plugins, alone and mixed with built-in ones, called by the compiled executable as libcni would. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressesOf, Node } from './runtime';

const macvlan = { type: 'macvlan', master: 'eth1', ipam: { type: 'static', addresses: [{ address: '192.0.2.5/24' }] } };

function nodeWith(name: string, config: Record<string, unknown>): Node {
  const node = new Node();
  node.uplink('eth1');
  node.network(name, { cniVersion: '1.0.0', name, ...config });
  return node;
}

describe('a chain of built-in and foreign plugins', () => {
  it('hands the result of a built-in one to the foreign one, and takes what that returns', async () => {
    const node = nodeWith('mixed', { plugins: [macvlan, { type: 'tune', sysctl: { a: 'b' } }] });
    node.recorder('tune', { ADD: 'prev' });
    const pod = node.pod({ networks: 'mixed' });
    const result = await pod.add();
    expect(addressesOf(result, 'net1')).toEqual(['192.0.2.5/24']);
    await pod.check();
    await pod.del();
    const calls = node.recorded();
    expect(calls.map(({ command }) => command)).toEqual(['ADD', 'CHECK', 'DEL']);
    for (const { stdin } of calls) {
      expect(stdin).toMatchObject({ cniVersion: '1.0.0', name: 'mixed', type: 'tune', sysctl: { a: 'b' } });
      expect(stdin.prevResult).toMatchObject({
        cniVersion: '1.0.0',
        interfaces: [{ name: 'net1', sandbox: pod.path }],
        ips: [{ address: '192.0.2.5/24', interface: 0 }],
      });
    }
    await node.end();
  });

  it('lets sbr route by the addresses of a foreign plugin', async () => {
    const node = nodeWith('mixed', { plugins: [{ type: 'far' }, { type: 'sbr' }] });
    const result =
      '{"cniVersion":"1.0.0","interfaces":[{"name":"net1","sandbox":"\'$CNI_NETNS\'"}],"ips":[{"address":"192.0.2.9/24","gateway":"192.0.2.1","interface":0}]}';
    const make =
      'ns=$(basename "$CNI_NETNS"); ip link add net1 netns "$ns" type bridge && ip -n "$ns" addr add 192.0.2.9/24 dev net1 && ip -n "$ns" link set net1 up';
    node.recorder('far', {
      ADD: `${make} && echo '${result}'`,
      DEL: 'ip -n "$(basename "$CNI_NETNS")" link del net1 || true',
    });
    const pod = node.pod({ networks: 'mixed' });
    await pod.add();
    expect(pod.rules()).toEqual(['from 192.0.2.9 lookup 100']);
    expect(pod.routes('100').some((route) => route.startsWith('default via 192.0.2.1 dev net1'))).toBe(true);
    await pod.check();
    await node.end();
  });

  it('takes all of it back when the last of several fails', async () => {
    const node = nodeWith('broken', {
      plugins: [
        { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '192.0.2.0/24' } },
        { type: 'fine' },
        { type: 'sbr' },
        { type: 'last' },
      ],
    });
    node.recorder('fine', { ADD: 'prev' });
    node.recorder('last', {
      ADD: `echo '{"cniVersion":"1.0.0","code":142,"msg":"no luck today","details":"moon is full"}'; exit 1`,
    });
    node.network('first', {
      cniVersion: '1.0.0',
      type: 'macvlan',
      master: 'eth1',
      ipam: { type: 'host-local', subnet: '198.51.100.0/24' },
    });
    const before = node.names();
    const pod = node.pod({ networks: 'first,broken' });
    const { msg, code, details } = await pod.addFails();
    expect(code).toBe(142);
    for (const part of ['no luck today', '"last"', 'default/broken', 'net2']) expect(msg).toContain(part);
    expect(details).toContain('moon is full');
    expect(node.callList()).toEqual(['ADD fine net2', 'ADD last net2', 'DEL last net2', 'DEL fine net2']);
    pod.expectEmpty();
    expect(node.names().filter((name) => !before.includes(name))).toEqual(['cni-t0']);
    await node.end();
    expect(node.callList()).toHaveLength(4); // the DELs of the runtime find nothing to do
  });

  it('is deleted whole when one of its plugins fails in DEL, and success is told when no link is left', async () => {
    const node = nodeWith('stubborn', { plugins: [macvlan, { type: 'stubborn' }] });
    node.recorder('stubborn', {
      ADD: 'prev',
      DEL: `[ -e ${node.dir}/healed ] || { echo '{"code":7,"msg":"not now"}'; exit 1; }`,
    });
    const pod = node.pod({ networks: 'stubborn' });
    await pod.add();
    await pod.del();
    pod.expectEmpty();
    expect(node.stateFiles().some((path) => path.includes(pod.containerId))).toBe(true); // GC, or the next DEL, tries again
    writeFileSync(`${node.dir}/healed`, '');
    await node.end();
  });
});

describe('a foreign delegate', () => {
  it('gets the environment that libcni gives, and the configuration as it was written', async () => {
    const config = { cniVersion: '0.4.0', type: 'odd', Master: 'ETH1', nested: { list: [1, { a: null }] }, ipam: {} };
    const node = new Node();
    node.network('odd', config);
    node.recorder('odd', { ADD: `echo '{"cniVersion":"0.4.0"}'` });
    const pod = node.pod({
      name: 'thor',
      networks: '[{"name":"odd","interface":"far0","cni-args":{"colour":"red"},"mac":"02:00:00:00:00:07"}]',
    });
    await pod.add();
    const [call] = node.recorded();
    expect(call).toMatchObject({ command: 'ADD', ifName: 'far0', netns: pod.path, containerId: pod.containerId });
    expect(call?.path.split(':')).toContain(node.binDir);
    for (const pair of ['IgnoreUnknown=1', 'K8S_POD_NAMESPACE=default', 'K8S_POD_NAME=thor', 'MAC=02:00:00:00:00:07'])
      expect(call?.args.split(';')).toContain(pair);
    expect(call?.stdin).toEqual({ ...config, name: 'odd', args: { cni: { colour: 'red' } } });
    await node.end();
  });

  it('gets what was asked for by the capabilities it declares, and nothing else', async () => {
    const node = new Node();
    node.network('able', {
      cniVersion: '0.4.0',
      name: 'able',
      plugins: [
        { type: 'one', capabilities: { mac: true, ips: false } },
        { type: 'two', capabilities: { portMappings: true } },
      ],
    });
    const result =
      '{"cniVersion":"0.4.0","interfaces":[{"name":"net1","sandbox":"x","mac":"02:00:00:00:00:08"}],"ips":[{"version":"4","interface":0,"address":"192.0.2.8/24"}]}';
    node.recorder('one', { ADD: `echo '${result}'` });
    node.recorder('two', { ADD: 'prev' });
    const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }];
    const pod = node.pod({
      networks: JSON.stringify([
        { name: 'able', mac: '02:00:00:00:00:08', ips: ['192.0.2.8/24'], portMappings: ports },
      ]),
    });
    await pod.add();
    expect(node.recorded().map(({ stdin }) => stdin.runtimeConfig)).toEqual([
      { mac: '02:00:00:00:00:08' },
      { portMappings: ports },
    ]);
    await node.end();
  });

  it('refuses port mappings that no plugin of the network can make', async () => {
    const node = new Node();
    node.network('plain', { cniVersion: '0.4.0', type: 'plain' });
    node.recorder('plain');
    const pod = node.pod({ networks: '[{"name":"plain","portMappings":[{"hostPort":8080,"containerPort":80}]}]' });
    const { code, msg } = await pod.addFails();
    expect([code, msg]).toEqual([118, expect.stringContaining('portMappings')]);
    expect(node.callList()).toEqual([]);
    await node.end();
  });

  it('is killed, with what it started, when it takes longer than delegateTimeout', async () => {
    const node = nodeWith('slow', { type: 'slow' });
    node.recorder('slow', { ADD: `sleep 600 & echo $! >${node.dir}/child; wait` });
    const pod = node.pod({ networks: 'slow' });
    const { code, msg } = await pod.addFails({ delegateTimeout: 10 });
    expect(code).toBe(112);
    for (const part of ['"slow"', 'ADD took more than 10 s', 'default/slow']) expect(msg).toContain(part);
    const child = node.exec('cat', `${node.dir}/child`).trim();
    const ended = !existsSync(`/proc/${child}`) || node.exec('cat', `/proc/${child}/stat`).includes(') Z ');
    expect(ended).toBe(true);
    expect(node.callList()).toEqual(['ADD slow net1', 'DEL slow net1']);
    await node.end();
  });

  it('has its stderr in the log, never on stdout', async () => {
    const node = nodeWith('loud', { type: 'loud' });
    node.recorder('loud', { ADD: `echo 'something is odd here' >&2; echo '{"cniVersion":"1.0.0"}'` });
    const pod = node.pod({ networks: 'loud', changes: { logLevel: 'debug' } });
    const { status, stdout, stderr } = await pod.call('ADD');
    expect(status).toBe(0);
    expect(stderr).toContain('something is odd here');
    expect(stdout).not.toContain('something is odd here');
    await node.end();
  });

  it.each([
    ['without a word', 'exit 3', /"quiet" failed \(ADD\): exit status 3, without a word/],
    ['with stderr alone', 'echo "it broke" >&2; exit 1', /"quiet" failed \(ADD\): exit status 1: it broke/],
    [
      'with text that is no error object',
      'echo panic: nil map; exit 2',
      /its stdout is no CNI error: .*panic: nil map/,
    ],
    ['by a signal', 'kill -9 $$', /"quiet" failed \(ADD\): ended by SIGKILL/],
    ['with nothing on stdout but success', 'exit 0', /"quiet".*printed nothing/],
  ])('that ends %s is named in the error, and taken back', async (_, act, message) => {
    const node = nodeWith('quiet', { type: 'quiet' });
    node.recorder('quiet', { ADD: act });
    const pod = node.pod({ networks: 'quiet' });
    expect((await pod.addFails()).msg).toMatch(message);
    expect(node.callList()).toEqual(['ADD quiet net1', 'DEL quiet net1']);
    await node.end();
  });

  it('that is missing is named with the directories searched', async () => {
    const node = nodeWith('absent', { type: 'absent' });
    const pod = node.pod({ networks: 'absent' });
    const { status, json } = await pod.call('ADD', {}, { CNI_PATH: '/opt/here:/opt/there' });
    expect([status, json.code]).toEqual([1, 110]);
    for (const part of ['"absent"', node.binDir, '/opt/here', '/opt/there', 'default/absent'])
      expect(json.msg).toContain(part);
    expect([pod.names(), node.stateFiles()]).toEqual([['lo'], []]);
    await node.end();
  });

  it('that may not be executed says so', async () => {
    const node = nodeWith('locked', { type: 'locked' });
    writeFileSync(join(node.binDir, 'locked'), '#!/bin/sh\n');
    chmodSync(join(node.binDir, 'locked'), 0o644);
    const pod = node.pod({ networks: 'locked' });
    const { status, json } = await pod.call('ADD');
    expect([status, json.msg]).toEqual([1, expect.stringMatching(/locked.*permission denied/)]);
    expect(pod.names()).toEqual(['lo']);
    chmodSync(join(node.binDir, 'locked'), 0o755);
    await node.end();
  });
});

describe('externalDelegates', () => {
  it.each([
    [true, ['ADD bridge eth0', 'ADD macvlan net1']],
    [['macvlan'], ['ADD macvlan net1']],
    [false, []],
  ])('%j decides which of the types that are built in run as programs', async (externalDelegates, calls) => {
    const node = nodeWith('mac', { type: 'macvlan', master: 'eth1' });
    for (const type of ['bridge', 'macvlan']) node.recorder(type, { ADD: `echo '{"cniVersion":"1.0.0"}'` });
    const pod = node.pod({ networks: 'mac', changes: { externalDelegates } });
    await pod.add({ cniVersion: '1.0.0' });
    expect(node.callList()).toEqual(calls);
    await node.end({ changes: { externalDelegates } });
  });

  it('counts for IPAM plugins, too', async () => {
    const node = nodeWith('mac', macvlan);
    node.recorder('static', { ADD: `echo '{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.77/24"}]}'` });
    const pod = node.pod({ networks: 'mac', changes: { externalDelegates: ['static'] } });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.0.2.77/24']);
    await node.end();
  });
});

describe('a foreign IPAM plugin under a built-in delegate', () => {
  it('gets the whole configuration of the delegate, and its address is on the link', async () => {
    const node = nodeWith('far', {
      type: 'macvlan',
      master: 'eth1',
      ipam: { type: 'whereabouts', range: '192.0.2.0/24' },
    });
    node.recorder('whereabouts', {
      ADD: `echo '{"cniVersion":"1.0.0","ips":[{"address":"192.0.2.40/24","gateway":"192.0.2.1"}],"routes":[{"dst":"203.0.113.0/24"}]}'`,
    });
    const pod = node.pod({ networks: 'far' });
    await pod.add();
    expect(pod.addresses('net1')).toEqual(['192.0.2.40/24']);
    expect(pod.routes()).toContain('203.0.113.0/24 via 192.0.2.1 dev net1');
    await pod.check();
    await pod.del();
    expect(node.callList()).toEqual(['ADD whereabouts net1', 'CHECK whereabouts net1', 'DEL whereabouts net1']);
    for (const { stdin } of node.recorded())
      expect(stdin).toMatchObject({
        type: 'macvlan',
        name: 'far',
        master: 'eth1',
        ipam: { type: 'whereabouts', range: '192.0.2.0/24' },
      });
    await node.end();
  });

  it('that fails leaves no link, and passes its words and code on', async () => {
    const node = nodeWith('far', { type: 'macvlan', master: 'eth1', ipam: { type: 'whereabouts' } });
    node.recorder('whereabouts', { ADD: `echo '{"code":11,"msg":"pool is being moved, try again"}'; exit 1` });
    const pod = node.pod({ networks: 'far' });
    expect(await pod.addFails()).toMatchObject({
      code: 11,
      msg: expect.stringContaining('pool is being moved, try again'),
    });
    expect(node.callList()).toEqual(['ADD whereabouts net1', 'DEL whereabouts net1']);
    await node.end();
  });

  it('that gives no address is an error, and gives back what it took', async () => {
    const node = nodeWith('far', { type: 'macvlan', master: 'eth1', ipam: { type: 'whereabouts' } });
    node.recorder('whereabouts', { ADD: `echo '{"cniVersion":"1.0.0"}'` });
    const pod = node.pod({ networks: 'far' });
    expect((await pod.addFails()).msg).toContain('missing IP config');
    expect(node.callList()).toEqual(['ADD whereabouts net1', 'DEL whereabouts net1']);
    await node.end();
  });
});

describe('called by the name of a built-in delegate', () => {
  it('the executable is that delegate alone', async () => {
    const node = new Node();
    node.uplink('eth1');
    node.linkExecutable('macvlan');
    const pod = node.pod();
    const conf = { cniVersion: '1.0.0', name: 'alone', ...macvlan };
    const program = [join(node.binDir, 'macvlan')];
    const env = (command: string): Record<string, string> => ({ ...pod.env(command), CNI_IFNAME: 'net1' });
    const { status, json } = await node.call(env('ADD'), conf, program);
    expect([status, json.cniVersion, json.ips?.[0]?.address]).toEqual([0, '1.0.0', '192.0.2.5/24']);
    expect(pod.link('net1').linkinfo?.info_kind).toBe('macvlan');
    expect(await node.call(env('CHECK'), { ...conf, prevResult: json }, program)).toMatchObject({ status: 0 });
    for (let times = 0; times < 2; times++)
      expect(await node.call(env('DEL'), { ...conf, prevResult: json }, program)).toMatchObject({ status: 0 });
    expect((await node.call({ CNI_COMMAND: 'VERSION' }, '', program)).json.supportedVersions).toContain('1.0.0');
    await node.end({ bridges: [] });
  });

  it('it serves another meta-plugin: Braid itself calls it as an external delegate', async () => {
    const node = nodeWith('mac', macvlan);
    for (const type of ['macvlan', 'static']) node.linkExecutable(type);
    const pod = node.pod({ networks: 'mac', changes: { externalDelegates: ['macvlan', 'static'] } });
    expect(addressesOf(await pod.add(), 'net1')).toEqual(['192.0.2.5/24']);
    await pod.check();
    await node.end();
  });

  it('host-local leases under the configuration of the plugin above, without a link', async () => {
    const node = new Node();
    node.linkExecutable('host-local');
    const pod = node.pod();
    const program = [join(node.binDir, 'host-local')];
    const ipam = { type: 'host-local', dataDir: node.leases, subnet: '192.0.2.0/24', routes: [{ dst: '0.0.0.0/0' }] };
    const conf = { cniVersion: '0.4.0', name: 'above', type: 'somebody-elses', ipam };
    const { status, json } = await node.call(pod.env('ADD'), conf, program);
    expect([status, json]).toEqual([
      0,
      {
        cniVersion: '0.4.0',
        ips: [{ version: '4', address: '192.0.2.2/24', gateway: '192.0.2.1' }],
        routes: [{ dst: '0.0.0.0/0' }],
        dns: {},
      },
    ]);
    expect(node.reservations()).toEqual([`${node.leases}/above/192.0.2.2`]);
    expect(pod.names()).toEqual(['lo']);
    expect(await node.call(pod.env('CHECK'), { ...conf, prevResult: json }, program)).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(await node.call({ ...pod.env('DEL'), CNI_NETNS: '' }, conf, program)).toMatchObject({
      status: 0,
      stdout: '',
    });
    await node.end({ bridges: [] });
  });

  it('sbr works on the result it is handed, and refuses to stand alone', async () => {
    const node = new Node();
    node.linkExecutable('sbr');
    const pod = node.pod();
    pod.ip('link add net1 type bridge');
    pod.ip('addr add 192.0.2.9/24 dev net1');
    pod.ip('link set net1 up');
    const program = [join(node.binDir, 'sbr')];
    const env = (command: string): Record<string, string> => ({ ...pod.env(command), CNI_IFNAME: 'net1' });
    const conf = { cniVersion: '1.0.0', name: 'above', type: 'sbr' };
    const prevResult = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'net1', sandbox: pod.path }],
      ips: [{ address: '192.0.2.9/24', gateway: '192.0.2.1', interface: 0 }],
    };
    const alone = await node.call(env('ADD'), conf, program);
    expect([alone.status, alone.json.msg]).toEqual([1, expect.stringContaining('must be called as')]);
    const { status, json } = await node.call(env('ADD'), { ...conf, prevResult }, program);
    expect([status, json]).toEqual([0, prevResult]);
    expect(pod.rules()).toEqual(['from 192.0.2.9 lookup 100']);
    expect((await node.call(env('DEL'), { ...conf, prevResult }, program)).status).toBe(0);
    expect(pod.rules()).toEqual([]);
    pod.ip('link del net1');
    await node.end({ bridges: [] });
  });

  it('it speaks the errors of the specification', async () => {
    const node = new Node();
    node.linkExecutable('macvlan');
    const pod = node.pod();
    const program = [join(node.binDir, 'macvlan')];
    const call = async (command: string, conf: Record<string, unknown> | string) =>
      (await node.call(pod.env(command), conf, program)).json;
    expect(await call('ADD', '{')).toMatchObject({ code: 6 });
    expect(await call('ADD', { cniVersion: '1.0.0', type: 'macvlan' })).toMatchObject({
      code: 7,
      msg: expect.stringContaining('name'),
    });
    expect(await call('ADD', { cniVersion: '7.0.0', name: 'x', type: 'macvlan' })).toMatchObject({ code: 1 });
    expect(await call('CHECK', { cniVersion: '0.3.1', name: 'x', type: 'macvlan', master: 'eth1' })).toMatchObject({
      code: 1,
      cniVersion: '0.3.1',
    });
    expect(await call('CHECK', { cniVersion: '1.0.0', name: 'x', type: 'macvlan', master: 'eth1' })).toMatchObject({
      code: 7,
      msg: expect.stringContaining('prevResult'),
    });
    expect(await call('ADD', { cniVersion: '1.0.0', name: 'x', type: 'macvlan', master: 'eth77' })).toMatchObject({
      code: 101,
      msg: expect.stringContaining('eth77'),
    });
    expect(pod.names()).toEqual(['lo']);
    await node.end({ bridges: [] });
  });
});
