/** tuning against the fake kernel: what it sets, keeps for DEL and refuses. */
import { describe, expect, it } from 'vitest';
import { tuning } from '../../plugins/tuning';
import { emptyResult, type Result } from '../../src/cni/result';
import type { Json } from '../../src/json';
import { fakeFiles } from '../../src/model/files';
import { ifName } from '../../src/net/names';
import { lab } from './lab';

const prevResult: Result = { ...emptyResult, interfaces: [{ name: 'net1', sandbox: '/var/run/netns/pod' }] };
const backup = '/run/cni/tuning/c1_net1.json';

/** A pod with net1, and a tuning network's calls there. */
async function tuned(texts: Readonly<Record<string, string>> = {}) {
  const files = fakeFiles(texts);
  const made = lab({ prevResult });
  await made.pod.createLink({ kind: 'dummy', name: ifName('net1', 'test') });
  return {
    ...made,
    files,
    add: (config: Json) => made.add(tuning, config, { files }),
    del: (config: Json) => made.del(tuning, config, { files }),
    check: (config: Json) => made.check(tuning, config, prevResult, { files }),
  };
}

describe('tuning', () => {
  it('sets what is asked, and puts back what was there', async () => {
    const { pod, files, add, del, check } = await tuned();
    const before = pod.link('net1');
    const config = { mac: '02:00:00:00:00:07', mtu: 1400, promisc: true, allmulti: true, txQLen: 500 };
    const result = await add(config);
    expect(pod.link('net1')).toMatchObject({
      mac: '02:00:00:00:00:07',
      mtu: 1400,
      promisc: 1,
      allMulti: true,
      txQueueLength: 500,
    });
    expect(result.interfaces).toEqual([{ name: 'net1', mac: '02:00:00:00:00:07', sandbox: '/var/run/netns/pod' }]);
    await check(config);
    await del(config);
    expect(pod.link('net1')).toEqual(before);
    expect(files.paths()).toEqual([]);
  });

  it('keeps of the former settings those that it changes, as the reference plugin does', async () => {
    const { files, add } = await tuned();
    await add({ mtu: 1400, allmulti: true });
    expect(await files.readText(backup)).toBe('{\n "mtu": 1500,\n "allmulti": false\n}');
  });

  it('puts back what the reference plugin has kept', async () => {
    const { pod, del } = await tuned({ [backup]: '{\n "mac": "02:00:00:00:00:09",\n "mtu": 1300\n}' });
    await del({});
    expect(pod.link('net1')).toMatchObject({ mac: '02:00:00:00:00:09', mtu: 1300 });
  });

  it('never fails DEL, whatever the file says', async () => {
    const { del } = await tuned({ [backup]: '{ "mtu": "lots" }' });
    await del({});
  });

  it.each([
    ['the configuration', {}, '', '02:00:00:00:00:01'],
    ['CNI_ARGS over it', {}, 'MAC=02:00:00:00:00:02', '02:00:00:00:00:02'],
    ['the runtime', { runtimeConfig: { mac: '02:00:00:00:00:03' } }, 'MAC=02:00:00:00:00:02', '02:00:00:00:00:03'],
    [
      'args.cni over all',
      { runtimeConfig: { mac: '02:00:00:00:00:03' }, args: { cni: { mac: '02:00:00:00:00:04' } } },
      '',
      '02:00:00:00:00:04',
    ],
  ])('takes the MAC of %s', async (_, keys, args, mac) => {
    const { pod, add } = lab({ prevResult, args });
    await pod.createLink({ kind: 'dummy', name: ifName('net1', 'test') });
    await add(tuning, { mac: '02:00:00:00:00:01', ...keys });
    expect(pod.link('net1').mac).toBe(mac);
  });

  it('takes no MAC at all when args.cni has an empty one', async () => {
    const { pod, add, check } = await tuned();
    const before = pod.link('net1').mac;
    const config = {
      mac: '02:00:00:00:00:01',
      runtimeConfig: { mac: '02:00:00:00:00:03' },
      args: { cni: { mac: '' } },
    };
    await add(config);
    expect(pod.link('net1').mac).toBe(before);
    await check(config);
  });

  it('takes a sysctl that is written as a path, and values as people write them', async () => {
    const { pod, add, check } = await tuned();
    const config = { sysctl: { '/net/core/somaxconn': '500', 'net.ipv4.ip_local_port_range': '2000 50000' } };
    await add(config);
    expect(await pod.sysctl('net/core/somaxconn')).toBe('500');
    await pod.setSysctl('net/ipv4/ip_local_port_range', '2000\t50000'); // as the kernel shows it
    await check(config);
  });

  it('sets sysctls of the namespace and of the interface', async () => {
    const { pod, add, check } = await tuned();
    const config = { sysctl: { 'net.core.somaxconn': '500', 'net.ipv4.conf.IFNAME.arp_filter': '1' } };
    await add(config);
    expect(await pod.sysctl('net/core/somaxconn')).toBe('500');
    expect(await pod.sysctl('net/ipv4/conf/net1/arp_filter')).toBe('1');
    await check(config);
    await pod.setSysctl('net/core/somaxconn', '600');
    await expect(check(config)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Sysctl net.core.somaxconn is 600: Tuning configured 500',
    });
  });

  it.each(['kernel.hostname', 'net', '/net', 'net/../kernel/hostname', 'net.ipv4..conf'])(
    'refuses the sysctl %s',
    async (key) => {
      const { add } = await tuned();
      await expect(add({ sysctl: { [key]: '1' } })).rejects.toMatchObject({
        problem: expect.stringMatching(/invalid net sysctl key|no such key/),
      });
    },
  );

  it('allows what a line of the node’s list matches, and nothing else', async () => {
    const { add } = await tuned({ '/etc/cni/tuning/allowlist.conf': '^net\\.core\\.\n\n^net\\.ipv6\\.' });
    await add({ sysctl: { 'net.core.somaxconn': '500' } });
    await expect(add({ sysctl: { 'net.ipv4.ip_forward': '1' } })).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining('"net.ipv4.ip_forward" is not allowed'),
    });
  });

  it('wants a plugin before it', async () => {
    await expect(lab().add(tuning, {})).rejects.toMatchObject({
      problem: expect.stringContaining('prevResult missing'),
    });
  });

  it.each(['/etc', '/run/cni/../../etc', 'run/cni', '/run/cnix', '/run/cni//x'])(
    'refuses the dataDir %s',
    (dataDir) => {
      expect(() => tuning.bind({ dataDir })).toThrow('need a directory below');
    },
  );
});
