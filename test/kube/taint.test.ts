/** The taint that keeps pods away goes, and nothing else of the node changes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { files } from '../../src/disk/files';
import { removeTaint } from '../../src/kube/taint';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { apiServer } from './api';
import { status } from './api-server';
import { makeCertificates } from './certificates';

const certificates = makeCertificates();
const own = (effect: string) => ({ key: 'braid.dev/not-ready', value: 'true', effect });
const other = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

async function removed(taints: readonly object[] | undefined, answer = () => Response.json({})) {
  const node = { metadata: { name: 'n1' }, spec: taints === undefined ? {} : { taints } };
  const api = apiServer(certificates, { first: [() => Response.json(node), answer] });
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'ca.crt'), certificates.ca);
  writeFileSync(join(directory, 'token'), 'good');
  await removeTaint({ host: '127.0.0.1', port: String(api.port), directory }, 'n1', files, fakeLog());
  return api.seen.slice(1);
}

it('is removed wherever it stands, the last one first, each only if it is still there', async () => {
  const [patch] = await removed([own('NoExecute'), other, own('NoSchedule')]);
  expect(patch?.path).toBe('/api/v1/nodes/n1');
  expect(JSON.parse(patch?.patch ?? '')).toEqual([
    { op: 'test', path: '/spec/taints/2', value: own('NoSchedule') },
    { op: 'remove', path: '/spec/taints/2' },
    { op: 'test', path: '/spec/taints/0', value: own('NoExecute') },
    { op: 'remove', path: '/spec/taints/0' },
  ]);
});

it.each([[undefined], [[]], [[other]]])('is no matter when the node has none: %j', async (taints) => {
  expect(await removed(taints)).toEqual([]);
});

it('is an error when the node was changed meanwhile, or the right is missing', async () => {
  const conflict = () => status(422, 'Invalid', 'the server rejected our request due to an error in our request');
  await expect(removed([own('NoExecute')], conflict)).rejects.toThrow('HTTP 422');
  const refused = () => status(403, 'Forbidden', 'nodes "n1" is forbidden');
  await expect(removed([own('NoExecute')], refused)).rejects.toMatchObject({ reason: 'ClusterRefused' });
});
