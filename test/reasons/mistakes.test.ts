/** A usability test: what people really get wrong, each with its own reason and message, at the line and column where they would look. */
import { describe, expect, it } from 'vitest';
import { builtInTypes } from '../../plugins';
import { handleAdd } from '../../src/attach/handle';
import { lintFiles } from '../../src/bin/lint';
import { parseConfig } from '../../src/cni/config';
import { parseRequest } from '../../src/cni/request';
import { CniError, reasons } from '../../src/error';
import { createForeign } from '../../src/exec/foreign';
import { cluster, world } from '../attach/world';
import { fakeNetworks } from '../fakes/networks';
import { type Mistake, unmarked } from './mistake';
import { type BadCall, callMistakes } from './mistakes-call';
import { fileMistakes } from './mistakes-file';
import { networkMistakes } from './mistakes-network';
import { podMistakes } from './mistakes-pod';
import { textMistakes } from './mistakes-text';

const mistakes: readonly Mistake[] = [...textMistakes, ...networkMistakes, ...podMistakes, ...fileMistakes];

const lint = (files: Parameters<typeof lintFiles>[0]) =>
  lintFiles(files, {
    conf: parseConfig(JSON.stringify({ cniVersion: '1.0.0', name: 'braid', type: 'braid', delegates: [cluster] })),
    networks: fakeNetworks(),
    cluster: { findPod: async () => undefined },
    host: undefined,
    defaultAssumed: false,
    complete: true,
  });

const answers = new Map<Mistake, ReturnType<typeof lint>>();

/** What lint says of it; asked once. */
function findingsOf(mistake: Mistake): ReturnType<typeof lint> {
  const findings = answers.get(mistake) ?? lint(unmarked(mistake.files).files);
  answers.set(mistake, findings);
  return findings;
}

describe.each([
  ['a text', textMistakes],
  ['a network', networkMistakes],
  ['a pod', podMistakes],
  ['a file', fileMistakes],
])('%s with', (_, rows) => {
  it.each(rows)('$what', async (mistake) => {
    const { reason, level, field, says } = mistake;
    const { place } = unmarked(mistake.files);
    const [{ message = '', hint = '', ...found } = {}, ...others] = await findingsOf(mistake);
    expect({ ...found, message }).toEqual({ ...place, level, reason, field, message });
    for (const text of says) expect(message).toContain(text);
    expect(message.length).toBeLessThanOrEqual(300);
    expect(hint).not.toBe('');
    expect(others).toEqual([]);
  });
});

it('each has an answer of its own', async () => {
  const found = await Promise.all(mistakes.map(findingsOf));
  const said = found.flatMap((findings) =>
    findings.map(({ reason, field, message }) => `${reason} ${field}: ${message}`),
  );
  expect(said).toHaveLength(mistakes.length);
  expect(said.filter((each, at) => said.indexOf(each) !== at)).toEqual([]);
  expect(mistakes.length).toBeGreaterThanOrEqual(60);
});

/** What the call is answered with, on a node of fakes whose CNI directory is empty. */
async function answer({ env, stdin, lan }: BadCall): Promise<unknown> {
  const { edges } = world({ networks: lan === undefined ? {} : { 'default/lan': lan } });
  const options = { directories: ['/no/such'], timeout: 1, locks: '/no/such', env: {}, builtIn: builtInTypes };
  try {
    const request = parseRequest(env);
    if (request.command !== 'ADD') return request;
    return await handleAdd(request, parseConfig(stdin), { ...edges, foreign: createForeign(options, edges.log) });
  } catch (error) {
    return error;
  }
}

describe('a call with', () => {
  it.each(callMistakes)('$what', async (call) => {
    const error = await answer(call);
    if (!(error instanceof CniError)) throw new Error(`it did not fail, but gave ${Bun.inspect(error)}`);
    expect(error.reason).toBe(call.reason);
    for (const text of call.says) expect(error.message).toContain(text);
    expect(error.message.length).toBeLessThanOrEqual(300);
  });

  it('any of them has an answer of its own', async () => {
    const answers = (await Promise.all(callMistakes.map(answer))).map(String);
    expect(answers.filter((each, at) => answers.indexOf(each) !== at)).toEqual([]);
  });
});

it('a foreign plugin of any other name is no mistake', async () => {
  const names = ['sriov', 'macvtap', 'ovs', 'portmap', 'my-company-net', 'bond', 'x'];
  const files = names.map((type) => ({
    path: `${type}.conf`,
    text: JSON.stringify({ cniVersion: '1.0.0', name: type, type }),
  }));
  expect(await lint(files)).toEqual([]);
});

it('the reasons are of the catalogue', () => {
  const known = [...reasons().map(({ reason }) => reason), 'Odd', 'Shared'];
  expect(mistakes.filter(({ reason }) => !known.includes(reason))).toEqual([]);
});
