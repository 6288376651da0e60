/** Lines between the executable and the agent, also of versions that do not know each other. */
import { expect, it } from 'vitest';
import { type Answer, type Message, parseAnswer, parseMessage, toLine } from '../../src/agent/protocol';
import type { LeaseOwner } from '../../src/attach/ports';

const nobody = { pod: undefined, containerId: undefined, error: undefined, network: undefined };

const messages: readonly Message[] = [
  { ask: 'pod', namespace: 'default', name: 'web' },
  { ask: 'network', namespace: 'default', name: 'a' },
  { ask: 'version' },
  {
    tell: 'call',
    verb: 'ADD',
    pod: 'default/web',
    containerId: 'c1',
    ms: 12.5,
    reason: 'MasterMissing',
    error: 'Cannot find master',
    network: 'default/a',
    networks: [{ name: 'default/a', ms: 2, reason: 'MasterMissing' }],
  },
  { tell: 'publish', of: { containerId: 'c1', ifName: 'eth0' } as LeaseOwner },
  { tell: 'publish', of: undefined },
  { tell: 'call', verb: 'GC', ...nobody, ms: 3, reason: undefined, networks: [] },
];
it.each(messages)('a message comes out as it went in: %j', (message) => {
  expect(parseMessage(toLine(message))).toEqual(message);
});

const answers: readonly Answer[] = [
  { says: 'known', pod: { namespace: 'default', name: 'web', uid: undefined, annotations: { a: 'b' } } },
  {
    says: 'known',
    network: { namespace: 'default', name: 'a', config: '{\n}', source: 'api', resourceName: 'vendor/nic' },
  },
  { says: 'known', version: '0.1.0+g1bb19d6' },
  { says: 'unknown', behind: false },
  { says: 'unknown', behind: true },
  { says: 'refused', why: 'no' },
];
it.each(answers)('an answer comes out as it went in: %j', (answer) => {
  expect(parseAnswer(toLine(answer))).toEqual(answer);
});

it('fields of a newer writer are ignored', () => {
  expect(parseMessage('{"v":1,"ask":"network","namespace":"d","name":"a","since":7}')).toEqual({
    ask: 'network',
    namespace: 'd',
    name: 'a',
  });
});

it.each([
  '{}',
  '{"containerId":"../c1","ifName":"eth0"}',
  '{"containerId":"c1","ifName":"a/b"}',
  '{"containerId":"c1"}',
])('of a record that can be none, nothing is told but that there is one: %s', (of) => {
  expect(parseMessage(`{"v":1,"tell":"publish","of":${of}}`)).toEqual({ tell: 'publish', of: undefined });
});

it.each([
  ['{"v":2,"ask":"network","namespace":"d","name":"a"}', 'version 2 of the messages is not known here, need 1'],
  ['{"ask":"network"}', 'version undefined of the messages is not known here, need 1'],
  [
    '{"v":1,"ask":"secrets","namespace":"d","name":"a"}',
    'need "ask": pod or network, or "tell": call, publish or event',
  ],
  ['{"v":1,"tell":"event","event":{"pod":{}}}', 'need "event" with pod, type, reason, message, name and counted'],
  ['{"v":1,"ask":"pod","namespace":7,"name":"a"}', 'need "namespace" and "name"'],
  ['{"v":1,"tell":"call","verb":"ADD","ms":-1}', 'need "verb" and "ms"'],
  ['[]', 'need a JSON object'],
  ['{"v"', 'a line of 4 characters is no JSON'],
])('what is no message says why: %s', (line, why) => {
  expect(parseMessage(line)).toBe(why);
});

it('an answer of another version says so', () => {
  expect(parseAnswer('{"v":9,"says":"known"}')).toContain('version 9');
  expect(parseAnswer('{"v":1,"says":"maybe"}')).toContain('known here');
});
