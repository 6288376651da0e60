/** The agent's memory: a process of its own with a live API server, and as many changes as a busy node sees in an hour. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { codeOf, releaseCode } from '../../src/kernel/code-pages';
import { median } from '../bench/stats';
import { temporaryDirectory } from '../disk/temp';
import { networkObject, podObject } from '../kube/api-server';
import { makeCertificates } from '../kube/certificates';
import { base64, kubeconfig } from '../kube/kubeconfigs';
import { serveLive } from '../kube/live-api';

const main = join(import.meta.dirname, '../../src/bin/main.ts');
const networksKey = 'k8s.v1.cni.cncf.io/networks';
const macvlan =
  '{"cniVersion":"1.0.0","type":"macvlan","master":"eth1","ipam":{"type":"host-local","subnet":"10.0.0.0/24"}}';

/** 250 pods of node n1, each as large as real ones are, and 500 networks; `change` changes a pod. */
function cluster() {
  const certificates = makeCertificates();
  const api = serveLive(certificates);
  onTestFinished(() => void api.stop());
  const change = (at: number, time: number): void => {
    const annotations = { [networksKey]: 'net1,net2', 'example.com/state': `${time} ${'x'.repeat(2000)}` };
    api.putPod(podObject(`pod${at % 250}`, `uid-${at % 250}`, annotations), 'n1');
  };
  for (let at = 0; at < 500; at++) api.putNetwork(networkObject(`net${at}`, macvlan));
  for (let at = 0; at < 250; at++) change(at, 0);
  const access = kubeconfig(
    { server: api.url, 'certificate-authority-data': base64(certificates.ca) },
    { token: 'good' },
  );
  return { access, change };
}

/** A line of /proc/PID/status, MiB. */
const mebibytes = (pid: number, line: string): number =>
  Number(new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

it('an hour of changes leaves it as large as it was', async () => {
  const { access, change } = cluster();
  const cniDir = temporaryDirectory();
  const [file, conf] = [join(cniDir, 'kubeconfig'), join(cniDir, 'braid.conf')];
  writeFileSync(file, JSON.stringify(access));
  writeFileSync(conf, JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir, kubeconfig: file }));
  const agent = spawn(
    process.execPath,
    [main, 'agent', '--conf', conf, '--node', 'n1', '--listen', 'off', '--dhcp', 'off'],
    { stdio: 'ignore', env: { PATH: process.env.PATH } },
  );
  const ended = new Promise((resolve) => agent.once('exit', resolve));
  onTestFinished(async () => {
    agent.kill('SIGKILL');
    await ended;
  });
  const pid = agent.pid ?? 0;
  const known = () => readFileSync(join(cniDir, 'snapshot'), 'utf8');
  await vi.waitFor(() => expect(known()).toContain('pod default/pod249 '), { timeout: 20_000 });
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain('BUN_JSC_useDFGJIT=0');
  const sizes: number[] = [];
  for (let round = 1; round <= 120; round++) {
    for (let at = 0; at < 200; at++) change(round * 200 + at, round);
    await Bun.sleep(50);
    sizes.push(mebibytes(pid, 'RssAnon'));
  }
  const [before, after] = [median(sizes.slice(20, 60)), median(sizes.slice(-40))];
  expect(after, `MiB; ${before.toFixed(1)} before`).toBeLessThan(before + 2); // were the pods of all changes kept, it would be 5 more
});

it('code that is let go of is mapped again when it runs', () => {
  const before = mebibytes(process.pid, 'RssFile');
  releaseCode();
  expect(mebibytes(process.pid, 'RssFile')).toBeLessThan(before);
  expect(codeOf(readFileSync('/proc/self/maps', 'latin1')).length).toBeGreaterThan(0);
});

it('nothing but code of files is let go of', () => {
  const maps = [
    '00200000-00400000 r--p 00000000 fd:00 1234                               /opt/cni/bin/braid',
    '00400000-02400000 r-xp 00200000 fd:00 1234                               /opt/cni/bin/braid',
    '02400000-02500000 rw-p 02200000 fd:00 1234                               /opt/cni/bin/braid',
    '7f0000000000-7f0000001000 rwxp 00000000 00:00 0 ',
    '7f0000002000-7f0000003000 r-xp 00000000 00:00 0                          [vdso]',
  ];
  expect(codeOf(`${maps.join('\n')}\n`)).toEqual([{ start: 0x400000, length: 0x2000000 }]);
});
