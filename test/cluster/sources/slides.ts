/** Source 004, the slides of 2019: their networks, one with comments, and two of foreign programs. Tests on the guest's cluster. */
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { commentedBridge } from '../../e2e/documents';
import { network, networkObjects, pod } from '../workloads';
import { cluster, expectRefused, fileIn, pings, withPods } from './stage';

const programs = '/opt/cni/bin';

/** A foreign program of that name for one test, which leaves the work to the bridge plugin. */
function standIn(name: string, bridge: string, subnet: string): void {
  const config = { cniVersion: '0.3.1', name, type: 'bridge', bridge, ipam: { type: 'host-local', subnet } };
  const script = `#!/bin/sh\necho '${JSON.stringify(config)}' | exec ${programs}/bridge\n`;
  writeFileSync(`${programs}/${name}`, script, { mode: 0o755 });
  onTestFinished(() => rmSync(`${programs}/${name}`));
}

export function slides(): void {
  it('T004-1: the commented bridge is refused where the comment stands; without comments it attaches', async () => {
    cluster().apply({ ...network('dbnet', {}), spec: { config: commentedBridge } });
    await expectRefused(pod('commented', 'dbnet'), /line 5, column 3: comments are not allowed in JSON/);
    const manifest = pod('db', 'dbnet');
    const own = { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.53'] } };
    await withPods(
      [...networkObjects('kubecon-2019/dbnet'), { ...manifest, spec: { ...manifest.spec, ...own } }],
      (db) => {
        expect(db.addresses('net1')).toEqual(['10.1.0.2/16']);
        expect(db.routes()).toContain('default via 10.244.0.1 dev eth0');
        expect(fileIn('db', '/etc/resolv.conf')).toBe('nameserver 192.0.2.53');
      },
    );
  });

  it('T004-4: two networks of foreign programs, by name, namespace and interface', async () => {
    symlinkSync('braid', `${programs}/bridge`);
    onTestFinished(() => rmSync(`${programs}/bridge`));
    standIn('flannel', 'cni1', '10.245.0.0/24');
    standIn('weave-net', 'cni2', '10.246.0.0/24');
    cluster().makeAccounts('customns');
    const objects = networkObjects('kubecon-2019/app-on-multiple-interfaces');
    await withPods([...objects, pod('neighbour', 'flannel')], (app, neighbour) => {
      expect([...app.names()].sort()).toEqual(['eth0', 'eth1', 'eth2', 'lo']);
      const told = cluster().statusOf('app-on-multiple-interfaces');
      expect(told.map(({ name, interface: link }) => [name, link])).toEqual([
        ['cbr0', 'eth0'],
        ['default/flannel', 'eth1'],
        ['customns/weavenet', 'eth2'],
      ]);
      expect(app.addresses('eth1')).toEqual([`${told[1]?.ips?.[0]}/24`]);
      expect(app.addresses('eth2')).toEqual(['10.246.0.2/24']);
      expect(pings('app-on-multiple-interfaces', neighbour.addresses('net1')[0]?.split('/')[0] ?? '')).toBe(true);
    });
  });
}
