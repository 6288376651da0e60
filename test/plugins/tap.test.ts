/** tap and dummy against the fake kernel: what the pod gets. */
import { describe, expect, it } from 'vitest';
import { dummy } from '../../plugins/dummy';
import { loopback } from '../../plugins/loopback';
import { tap } from '../../plugins/tap';
import { emptyResult } from '../../src/cni/result';
import { fakeFiles } from '../../src/model/files';
import { cidr } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { fixedIpam, lab } from './lab';

describe('tap', () => {
  it('gives the pod a device with all that is asked for', async () => {
    const { pod, add, check } = lab({ ipam: fixedIpam(['10.1.0.5/24']), args: 'MAC=02:00:00:00:00:08' });
    const config = { multiQueue: true, owner: 1000, group: 1001, mtu: 1400, mac: '02:00:00:00:00:07' };
    const result = await add(tap, config);
    expect(pod.link('net1')).toMatchObject({
      detail: { kind: 'tap', multiQueue: true, owner: 1000, ownerGroup: 1001 },
      mtu: 1400,
      mac: '02:00:00:00:00:08', // CNI_ARGS over the configuration
      up: true,
    });
    await check(tap, config, result);
    await expect(check(tap, { ...config, mtu: 1500 }, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it('is a port of a bridge of the pod', async () => {
    const { pod, add } = lab();
    await expect(add(tap, { bridge: 'br0' })).rejects.toMatchObject({ reason: 'MasterMissing' });
    const bridge = await pod.createLink({ kind: 'bridge', name: ifName('br0', 'test') });
    await add(tap, { bridge: 'br0' });
    expect(pod.link('net1').master).toBe(bridge.index);
  });

  it('refuses an SELinux label where labels count, and only there', async () => {
    const config = { selinuxContext: 'system_u:system_r:container_t:s0' };
    await lab().add(tap, config);
    const files = fakeFiles({ '/sys/fs/selinux/enforce': '1' });
    await expect(lab().add(tap, config, { files })).rejects.toMatchObject({ reason: 'FieldUnsupported' });
  });
});

describe('dummy', () => {
  it('needs ipam, and shows its dns', async () => {
    await expect(lab().add(dummy, {})).rejects.toMatchObject({ reason: 'ConfigInvalid' });
    const { add, check, pod } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    const result = await add(dummy, {});
    expect(result.dns).toEqual({ nameservers: ['9.9.9.9'] });
    await pod.changeLink(pod.link('net1').index, { up: false });
    await expect(check(dummy, {}, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});

describe('loopback', () => {
  it('sets lo up, whatever the interface is called, and down again', async () => {
    const { pod, add, del, check } = lab();
    const result = await add(loopback, {});
    expect(result).toEqual({
      interfaces: [{ name: 'lo', mac: '00:00:00:00:00:00', sandbox: '/var/run/netns/pod' }],
      ips: [
        { address: '127.0.0.1/8', interface: 0 },
        { address: '::1/128', interface: 0 },
      ],
      routes: [],
      dns: {},
    });
    await check(loopback, {}, result);
    await del(loopback, {});
    expect(pod.link('lo').up).toBe(false);
  });

  it('passes on what came before it', async () => {
    expect(await lab({ prevResult: emptyResult }).add(loopback, {})).toBe(emptyResult);
  });

  it('refuses a lo with an address of a network', async () => {
    const { pod, add } = lab();
    await pod.addAddress(pod.link('lo').index, cidr('10.0.0.1/8', 'test'));
    await expect(add(loopback, {})).rejects.toMatchObject({ reason: 'LinkUnsuitable' });
    expect(pod.link('lo').up).toBe(false);
  });
});
