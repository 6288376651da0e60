/**
 * The executable's reading of pods and networks with a real agent process and a real API server, each of which is killed:
 * what a call learns then. DEL, which asks nobody, is in test/e2e.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { snapshotPath } from '../../src/agent/snapshot';
import { openView } from '../../src/bin/cluster';
import { saveInstall } from '../../src/disk/install-state';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { networkObject, podObject } from '../kube/api-server';
import { makeCertificates } from '../kube/certificates';
import { base64, kubeconfig, writeKubeconfig } from '../kube/kubeconfigs';
import { serveLive } from '../kube/live-api';

const certificates = makeCertificates();
const main = join(import.meta.dirname, '../../src/bin/main.ts');
const networksKey = 'k8s.v1.cni.cncf.io/networks';

/** A node with its cluster: pod web with network a. */
function node() {
  const cniDir = temporaryDirectory();
  let api = serveLive(certificates);
  const fill = (): void => {
    api.putNetwork(networkObject('a', '{"type":"bridge"}'));
    api.putPod(podObject('web', 'uid-1', { [networksKey]: 'a' }), 'n1');
  };
  fill();
  onTestFinished(() => void api.stop());
  const tokenFile = join(temporaryDirectory(), 'token');
  writeFileSync(tokenFile, 'good');
  const path = writeKubeconfig(
    kubeconfig({ server: api.url, 'certificate-authority-data': base64(certificates.ca) }, { tokenFile }),
  );
  const conf = join(temporaryDirectory(), '00-braid.conf');
  writeFileSync(conf, JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', cniDir, kubeconfig: path }));
  const log = fakeLog();
  const call = () => openView({ kubeconfig: path, cniDir }, {}, log);
  const startAgent = async () => {
    const agent = spawn(
      process.execPath,
      [main, 'agent', '--conf', conf, '--node', 'n1', '--listen', `unix:${cniDir}/http.sock`],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env.PATH },
      },
    );
    let text = '';
    agent.stderr.on('data', (data) => (text += data));
    const ended = new Promise<number | null>((resolve) => agent.once('exit', resolve));
    const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> => {
      agent.kill(signal);
      return ended;
    };
    onTestFinished(async () => void (await kill()));
    await vi.waitFor(() => expect(text).toContain('node agent runs'), { timeout: 10_000 });
    return { kill, log: () => text };
  };
  const written = (what: string) =>
    vi.waitFor(() => expect(readFileSync(snapshotPath(cniDir), 'utf8')).toContain(what), { timeout: 10_000 });
  const age = (seconds: number): void => {
    const then = Date.now() / 1000 - seconds;
    utimesSync(snapshotPath(cniDir), then, then);
  };
  const look = async (page: string) => {
    const response = await fetch(`http://localhost${page}`, { unix: `${cniDir}/http.sock` });
    return { status: response.status, text: await response.text() };
  };
  const get = async (page: string) => (await look(page)).text;
  return {
    cniDir,
    get,
    look,
    conf,
    log,
    call,
    startAgent,
    written,
    age,
    tokenFile,
    api: () => api,
    killApi: () => api.stop(),
    reviveApi() {
      api = serveLive(certificates, api.port);
    },
  };
}

let here: ReturnType<typeof node>;
beforeEach(() => {
  here = node();
});

const asked = async () => {
  const call = here.call();
  const [pod, network] = [await call.findPod('default', 'web', 'uid-1'), await call.findNetwork('default', 'a')];
  return { annotation: pod?.annotations[networksKey], config: network?.config };
};
const right = { annotation: 'a', config: '{"type":"bridge"}' };

it('everybody is there: the agent answers, the API server is not asked', async () => {
  await here.startAgent();
  await here.written('network default/a ');
  const before = here.api().seen.length;
  expect(await asked()).toEqual(right);
  expect(here.api().seen.length).toBe(before);
});

it('the agent is killed: the snapshot answers; an hour later the API server does', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  await kill();
  expect(await asked()).toEqual(right);
  here.api().putNetwork(networkObject('a', '{"type":"vlan"}'));
  here.age(3600);
  expect(await asked()).toEqual({ ...right, config: '{"type":"vlan"}' });
});

it('the API server is killed: the agent answers with what it knew last', async () => {
  await here.startAgent();
  await here.written('pod default/web ');
  await here.killApi();
  expect(await asked()).toEqual(right);
});

it('both are killed, for an hour: the snapshot answers', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  await kill();
  await here.killApi();
  here.age(3600);
  expect(await asked()).toEqual(right);
  expect(here.log.entries.map(({ message }) => message)).toContain('uses the snapshot of a node agent that is away');
});

it('both are dead and nothing is known of the pod: error 11', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  await kill();
  await here.killApi();
  await expect(here.call().findPod('default', 'other', 'uid-9')).rejects.toMatchObject({ code: 11 });
}, 30_000);

it('the agent starts again while the API server is away: it knows what the snapshot holds', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  await kill('SIGKILL');
  await here.killApi();
  const { log } = await here.startAgent();
  here.age(3600); // so that the answer can only be the agent's
  expect(await asked()).toEqual(right);
  expect(here.log.entries).toEqual([]);
  expect(readFileSync(snapshotPath(here.cniDir), 'utf8')).toContain('network default/a ');
  await vi.waitFor(() => expect(log()).toContain('cannot watch the API server'), { timeout: 5000 });
});

it('the snapshot is torn: the API server answers, and the agent writes it anew', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  await kill();
  const path = snapshotPath(here.cniDir);
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  expect(await asked()).toEqual(right);
  expect(here.log.entries.map(({ message }) => message)).toContain('cannot use the snapshot of the node agent');
  await here.startAgent();
  await here.written('pod default/web ');
});

it('the token expires: the agent answers, and comes back with a renewed one', async () => {
  const agent = await here.startAgent();
  await here.written('pod default/web ');
  here.api().tokens.clear();
  here.api().tokens.add('renewed');
  here.api().endWatches();
  await vi.waitFor(() => expect(agent.log()).toContain('HTTP 401'), { timeout: 5000 });
  expect(await asked()).toEqual(right);
  writeFileSync(here.tokenFile, 'renewed');
  here.api().putNetwork(networkObject('later', '{}'));
  await here.written('network default/later ');
  expect(agent.log()).not.toContain('renewed');
});

it('calls of the runtime leave their counts with the agent, and succeed without one', async () => {
  const call = (command: string, runtimeConfig: object = {}) =>
    spawnSync(process.execPath, [main], {
      input: JSON.stringify({
        ...JSON.parse(readFileSync(here.conf, 'utf8')),
        delegates: [{ name: 'c', type: 'bridge' }],
        runtimeConfig,
      }),
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: 'c1',
        CNI_NETNS: '/proc/self/ns/net',
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/nowhere',
      },
      encoding: 'utf8',
    });
  const { kill, log } = await here.startAgent();
  expect(call('DEL')).toMatchObject({ status: 0, stdout: '' });
  await vi.waitFor(async () =>
    expect(await here.get('/metrics')).toContain('braid_calls_total{verb="DEL",reason=""} 1'),
  );
  expect(call('CHECK').status).toBe(1);
  await vi.waitFor(() =>
    expect(log()).toMatch(/"verb":"CHECK".*"containerId":"c1".*"reason":"\w+".*"msg":"a call failed"/),
  );
  const annotations = { [networksKey]: 'torn' };
  here.api().putNetwork(networkObject('torn', '{"type"'));
  await here.written('network default/torn ');
  expect(call('ADD', { 'io.kubernetes.cri.pod-annotations': annotations }).status).toBe(1);
  await vi.waitFor(() =>
    expect(log()).toMatch(/"verb":"ADD".*"network":"default\/torn".*"reason":"NetworkInvalid".*"a call failed"/),
  );
  await kill();
  expect(call('DEL')).toMatchObject({ status: 0, stdout: '' });
});

it('the configuration is renamed by another program: it is back', async () => {
  await here.startAgent();
  await vi.waitFor(() => expect(existsSync(join(here.cniDir, 'install'))).toBe(true), { timeout: 5000 });
  const before = readFileSync(here.conf, 'utf8');
  renameSync(here.conf, `${here.conf}.cilium_bak`);
  await vi.waitFor(() => expect(readFileSync(here.conf, 'utf8')).toBe(before), { timeout: 5000 });
  expect(await here.get('/metrics')).toContain('braid_config_restored_total 1');
});

it('SIGTERM: it ends with status 0 and takes its socket along', async () => {
  const { kill } = await here.startAgent();
  await here.written('pod default/web ');
  expect(await kill('SIGTERM')).toBe(0);
  expect(existsSync(join(here.cniDir, 'agent.sock'))).toBe(false);
});

it('the runtime looks elsewhere than where Braid was installed: the node is not ready, and told why', async () => {
  const misplaced = [
    "the runtime looks for plugins in /srv/bin (/etc/containerd/config.toml), and Braid's is in /opt/cni/bin",
  ];
  saveInstall(here.cniDir, { primary: undefined, settings: {}, given: {}, files: [], misplaced });
  await here.startAgent();
  await here.written('network default/a ');
  const { status, text } = await here.look('/readyz');
  expect([status, text]).toEqual([503, expect.stringContaining(`${misplaced[0]}: make that directory`)]);
});

it('the agent does not see where Braid was installed, as with conf/base on k3s: it is not ready, and names the overlay', async () => {
  const directories = [
    '/var/lib/rancher/k3s/agent/etc/cni/net.d/00-braid.conflist',
    '/var/lib/rancher/k3s/data/cni/braid',
  ];
  const files = directories.map((path) => ({ path, sha256: '', before: undefined }));
  saveInstall(here.cniDir, { primary: undefined, settings: {}, given: {}, files, misplaced: [] });
  await here.startAgent();
  await here.written('network default/a ');
  const { status, text } = await here.look('/readyz');
  expect([status, text]).toEqual([503, expect.stringMatching(/does not see .*agent\/etc.*conf\/overlays\/k3s/)]);
});
