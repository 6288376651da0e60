/** CNI specification versions. */
import { describe, expect, it } from 'vitest';
import { isAtLeast, parseVersion, requireAllowed, supportedVersions, toVersionAnswer } from '../../src/cni/version';
import { failing } from '../failing';

describe('parseVersion', () => {
  it.each(supportedVersions)('takes %s', (version) => {
    expect(parseVersion(version)).toBe(version);
  });

  it.each([undefined, null, ''])('takes %j for 0.1.0', (value) => {
    expect(parseVersion(value)).toBe('0.1.0');
  });

  it.each(['0.9.0', '1.2.0', '0.3', '1', '01.0.0'])('does not speak %s', (version) => {
    expect(() => parseVersion(version)).toThrow(failing('VersionIncompatible', version, 'incompatible CNI versions'));
  });

  it('lists what it speaks in the details, with code 1', () => {
    const details = 'config is "0.9.0", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]';
    expect(() => parseVersion('0.9.0')).toThrow(expect.objectContaining({ code: 1, details }));
  });

  it.each(['x', '1.x.0', '1.0.0.0', 'v1.0.0', ' 1.0.0', '1.', 7, {}, '9'.repeat(1000)])('cannot read %j', (value) => {
    expect(() => parseVersion(value)).toThrow(failing('DecodeFailed', 'need a version like "1.0.0"'));
  });
});

it.each([
  ['1.0.0', '0.4.0', true],
  ['0.4.0', '0.4.0', true],
  ['0.3.1', '0.4.0', false],
  ['0.10.0', '0.4.0', true],
  ['1.0.0', '1.0.1', false],
  ['1.1', '1.1.0', true],
])('whether %s is at least %s: %s', (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected);
});

it.each([
  ['CHECK', ['0.4.0', '1.0.0', '1.1.0']],
  ['GC', ['1.1.0']],
  ['STATUS', ['1.1.0']],
  ['ADD', supportedVersions],
  ['DEL', supportedVersions],
])('%s is allowed from the right version on', (command, allowed) => {
  for (const version of supportedVersions) {
    const asking = () => requireAllowed(version, command);
    if ((allowed as readonly string[]).includes(version)) asking();
    else expect(asking).toThrow(failing('VersionIncompatible', `config version does not allow ${command}`, version));
  }
});

it('answers VERSION with the newest version and all it speaks', () => {
  const all = '"0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"';
  expect(toVersionAnswer()).toBe(`{"cniVersion":"1.1.0","supportedVersions":[${all}]}`);
});
