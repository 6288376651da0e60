/** Devices that a real kubelet gives to pods, of which a device plugin told it. Tests on the stage's cluster. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeName } from './files';
import { programs } from './parts';
import { program } from './sources/programs';
import { cluster, expectRefused, withPods } from './sources/stage';
import { type Manifest, network, pod, withDevices } from './workloads';

const resource = 'braid.dev/nic';
const ids = ['0000:03:02.1', '0000:03:02.9'];
const told = '/run/k8s.cni.cncf.io/devinfo/dp';
const infoOf = (id: string) => ({ type: 'pci', version: '1.1.0', pci: { 'pci-address': id } });

/** The plugin runs for this test; the kubelet offers the devices, and the containers that get some have them in NICS. */
async function offerDevices(): Promise<void> {
  mkdirSync(told, { recursive: true });
  for (const id of ids)
    writeFileSync(`${told}/${resource.replace('/', '-')}-${id}-device.json`, JSON.stringify(infoOf(id)));
  const plugin = spawn(path.join(programs, 'device-plugin'), [resource, 'NICS', ...ids], { stdio: 'inherit' });
  onTestFinished(() => {
    plugin.kill('SIGKILL');
    rmSync(told, { recursive: true });
  });
  const offered = (): unknown => cluster().get('node', nodeName)?.status?.allocatable;
  await cluster().until(`the node offers ${resource}`, () => JSON.stringify(offered()).includes(`"${resource}":"2"`));
}

/** A network whose delegate notes what it is given. */
function nicNetwork(name: string): Manifest {
  const plain = network(name, { type: 'nic', capabilities: { deviceID: true, CNIDeviceInfoFile: true } });
  return {
    ...plain,
    metadata: { ...plain.metadata, annotations: { 'k8s.v1.cni.cncf.io/resourceName': resource } },
  };
}

export function devices(): void {
  it('go to the networks of their resource in the order of their ids, are told of, and what was written for them goes with the pod', async () => {
    await offerDevices();
    const given = (link: string) =>
      JSON.parse(readFileSync(`/run/nic-${link}`, 'utf8')) as {
        deviceID: string;
        runtimeConfig: { deviceID: string; CNIDeviceInfoFile: string };
      };
    const answer = JSON.stringify({ cniVersion: '1.0.0', interfaces: [], ips: [] });
    program('nic', `[ "$CNI_COMMAND" = ADD ] || exit 0; printf '%s' "$conf" >/run/nic-$CNI_IFNAME; echo '${answer}'`);
    const asking = withDevices(pod('cards', 'nic-a,nic-b'), { [resource]: '2' });
    await withPods([nicNetwork('nic-a'), nicNetwork('nic-b'), asking], () => {
      const held = cluster().exec('cards', 'sh', '-c', 'echo $NICS').trim().split(',');
      expect(held.toSorted()).toEqual(ids);
      for (const [at, id] of ids.entries()) {
        const { deviceID, runtimeConfig } = given(`net${at + 1}`);
        expect([deviceID, runtimeConfig.deviceID]).toEqual([id, id]);
        expect(JSON.parse(readFileSync(runtimeConfig.CNIDeviceInfoFile, 'utf8'))).toEqual(infoOf(id));
        expect(cluster().statusOf('cards')[at + 1]?.['device-info']).toEqual(infoOf(id));
      }
    });
    const fewer = withDevices(pod('fewer', 'nic-a,nic-b'), { [resource]: '1' });
    await expectRefused(fewer, /Cannot give a device of braid\.dev\/nic: the pod has 1, its networks need 2/);
  });
}
