/** `braid explain`: every reason of the catalogue has its page, found by name or code. */
import { describe, expect, it } from 'vitest';
import { toExplainText, toReasonsText } from '../../src/bin/text/explain';
import { reasons } from '../../src/error';
import { allPages, findPage } from '../../src/error-pages';

describe('braid explain', () => {
  it.each(reasons().map(({ reason }) => [reason]))('%s: says why it comes and what to do', (reason) => {
    const page = findPage(reason);
    expect(page?.causes.length).toBeGreaterThan(0);
    expect(page?.fixes.length).toBeGreaterThan(0);
  });

  it('finds a reason by its name in any case, and by its code', () => {
    expect([findPage('poolexhausted')?.reason, findPage('106')?.reason, findPage('7000')]).toEqual([
      'PoolExhausted',
      'PoolExhausted',
      undefined,
    ]);
  });

  it('prints one page', () => {
    const page = findPage('NetnsMissing');
    expect(page === undefined ? '' : toExplainText(page)).toBe(
      [
        'NetnsMissing (code 100)',
        'the sandbox is gone; the runtime makes a new one',
        '',
        'Why:',
        '  - The sandbox of the pod ended before or while it was attached.',
        '',
        'What to do:',
        '  - Nothing: the runtime makes a new sandbox.',
        '',
      ].join('\n'),
    );
  });

  it('lists all', () => {
    expect(toReasonsText(allPages()).split('\n')).toHaveLength(reasons().length + 2);
  });
});
