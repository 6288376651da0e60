/** GC and STATUS of the compiled executable: what a runtime that forgot, was killed, or asks first may expect. */
import { describe, expect, it } from 'vitest';
import { type Answer, clusterNetwork, type Json, Node, type Pod } from './runtime';

const speaks = { cniVersion: '1.1.0' };

/** A node with a network that leases addresses, and one of a foreign plugin. */
function gcNode(): Node {
  const node = new Node();
  node.uplink('eth1');
  const ipam = { type: 'host-local', subnet: '192.0.2.0/24' };
  node.network('leased', { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', ipam });
  node.network('far', { cniVersion: '1.0.0', type: 'far' });
  return node;
}

/** GC of a runtime that still has these pods; undefined: it does not say. */
function gc(node: Node, alive: readonly Pod[] | undefined): Promise<Answer> {
  const list = alive?.map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
  const said = list === undefined ? {} : { 'cni.dev/valid-attachments': list };
  return node.call({ CNI_COMMAND: 'GC', CNI_PATH: node.binDir }, node.conf(undefined, { ...speaks, ...said }));
}

function status(node: Node, delegates: readonly Json[]): Promise<Answer> {
  return node.call({ CNI_COMMAND: 'STATUS', CNI_PATH: node.binDir }, node.conf(undefined, { ...speaks, delegates }));
}

describe('GC', () => {
  it('frees what the runtime no longer has, and leaves the others alone', async () => {
    const node = gcNode();
    const [gone, alive] = [node.pod({ networks: 'leased' }), node.pod({ networks: 'leased' })];
    for (const pod of [gone, alive]) await pod.add(speaks);
    expect(await gc(node, [alive])).toMatchObject({ status: 0, stdout: '' });
    gone.expectEmpty();
    expect(node.reservations()).toHaveLength(2);
    expect(node.stateFiles().filter((path) => path.includes(gone.containerId))).toEqual([]);
    await alive.check(speaks);
    await node.end({ changes: speaks });
  });

  it('does nothing when the runtime does not say what it has', async () => {
    const node = gcNode();
    const pod = node.pod({ networks: 'leased' });
    await pod.add(speaks);
    expect((await gc(node, undefined)).status).toBe(0);
    await pod.check(speaks);
    await node.end({ changes: speaks });
  });

  it('frees what a killed ADD left', async () => {
    const node = gcNode();
    node.recorder('far', { ADD: 'kill -9 $PPID' });
    const pod = node.pod({ networks: 'leased,far' });
    expect((await pod.call('ADD', speaks)).status).not.toBe(0);
    expect(node.reservations()).toHaveLength(2);
    expect((await gc(node, [])).status).toBe(0);
    pod.expectEmpty();
    node.expectNothingLeft();
    expect(node.callList()).toEqual(['ADD far net2', 'DEL far net2']);
    await node.end({ changes: speaks });
  });

  it('tries again what DEL could not do, and fails only while that does', async () => {
    const node = gcNode();
    node.recorder('far', {
      ADD: `echo '{"cniVersion":"1.0.0"}'`,
      DEL: `[ -e ${node.dir}/healed ] || { echo '{"code":7,"msg":"not now"}'; exit 1; }`,
    });
    const pod = node.pod({ networks: 'leased,far' });
    await pod.add(speaks);
    await pod.del(speaks);
    pod.expectEmpty();
    expect(await gc(node, [])).toMatchObject({ status: 1, json: { code: 7, msg: expect.stringContaining('not now') } });
    node.exec('touch', `${node.dir}/healed`);
    expect((await gc(node, [])).status).toBe(0);
    await node.end({ changes: speaks });
  });

  it('is refused below 1.1.0 with code 1', async () => {
    const node = gcNode();
    const answer = await node.call(
      { CNI_COMMAND: 'GC', CNI_PATH: node.binDir },
      node.conf(undefined, { cniVersion: '1.0.0', 'cni.dev/valid-attachments': [] }),
    );
    expect(answer).toMatchObject({ status: 1, json: { code: 1 } });
  });
});

describe('STATUS', () => {
  it('X11: asks networks of 1.1.0 and passes over older ones', async () => {
    const node = gcNode();
    for (const type of ['new', 'old']) node.recorder(type, { STATUS: type === 'old' ? 'exit 1' : ':' });
    const answer = await status(node, [
      { cniVersion: '1.1.0', name: 'first', type: 'new' },
      { cniVersion: '0.3.1', name: 'second', type: 'old' },
    ]);
    expect(answer).toMatchObject({ status: 0, stdout: '' });
    expect(node.callList()).toEqual(['STATUS new ']);
  });

  it.each([
    [50, 'the controller is not there yet'],
    [51, 'half of the links are down'],
  ])('passes code %i and the words of a delegate on', async (code, msg) => {
    const node = gcNode();
    node.recorder('new', { STATUS: `echo '${JSON.stringify({ cniVersion: '1.1.0', code, msg })}'; exit 1` });
    const answer = await status(node, [{ cniVersion: '1.1.0', name: 'first', type: 'new' }]);
    expect(answer).toMatchObject({ status: 1, json: { code, msg: expect.stringContaining(msg) } });
  });

  it('is not ready when a plugin is missing, or a pool is full', async () => {
    const node = gcNode();
    const missing = await status(node, [{ cniVersion: '1.1.0', name: 'first', type: 'absent' }]);
    expect(missing).toMatchObject({ status: 1, json: { code: 50, msg: expect.stringContaining('"absent"') } });
    const ipam = { type: 'host-local', dataDir: node.leases, subnet: '192.0.2.0/30' };
    const full = { cniVersion: '1.1.0', name: 'small', type: 'bridge', bridge: 'cni-t0', ipam };
    const pod = node.pod({ changes: { ...speaks, delegates: [full] } });
    expect((await status(node, [full])).status).toBe(0);
    await pod.add();
    expect((await status(node, [full])).json.code).toBe(50);
    await pod.del();
    expect((await status(node, [full])).status).toBe(0);
    await node.end();
  });

  it('is ready on a node that is', async () => {
    const node = gcNode();
    expect(await status(node, [clusterNetwork(node)])).toMatchObject({ status: 0, stdout: '' });
    expect(node.names()).not.toContain('cni-t0'); // it only looks
  });
});
