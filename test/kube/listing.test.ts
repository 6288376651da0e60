/** braid lint of a cluster: everything is listed, page by page, and linted like files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toObjectFile } from '../../src/bin/lint';
import { toLintText, toSarif } from '../../src/bin/text/lint';
import { files } from '../../src/disk/files';
import { listObjects } from '../../src/kube/listing';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';
import { networkObject, podObject } from './api-server';
import { makeCertificates } from './certificates';
import { serveLive } from './live-api';

it('lists networks, then pods, more than a page of them', async () => {
  const certificates = makeCertificates();
  const api = serveLive(certificates);
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'ca.crt'), certificates.ca);
  writeFileSync(join(directory, 'token'), 'good');
  api.putNetwork(networkObject('lan', '{"type":"macvlan"}'));
  for (let at = 0; at < 120; at++) api.putPod(podObject(`p${at}`, `u${at}`, {}), 'n1');
  try {
    const place = { host: '127.0.0.1', port: String(api.port), directory };
    const found = (await listObjects(place, files, fakeLog())).map(toObjectFile);
    expect(found).toHaveLength(121);
    expect(found[0]).toMatchObject({ path: 'network default/lan', text: expect.stringContaining('macvlan') });
    expect(new Set(found.map(({ path }) => path)).size).toBe(121);
    expect(found[120]?.path).toMatch(/^pod default\/p/);
  } finally {
    api.stop();
  }
});

it('a finding of an object names it and the field', () => {
  const finding = { level: 'error', reason: 'Odd', file: 'network a/b', field: 'mtu', line: 3, column: 4 } as const;
  expect(toLintText([{ ...finding, message: 'm', hint: 'h' }], 1, 'object')).toBe(
    'network a/b, mtu: error: m [Odd]\n    h\n1 object: 1 errors, 0 warnings\n',
  );
  const sarif = JSON.parse(toSarif([{ ...finding, message: 'm', hint: 'h' }], '1', 'object'));
  const [location] = sarif.runs[0].results[0].locations;
  expect(location).toEqual({ logicalLocations: [{ fullyQualifiedName: 'network a/b, mtu' }] });
});
