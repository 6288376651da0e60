/** The engine's source with and without what is kept for ever. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepSaved } from '../../scripts/lean/keep';

describe('the source of the engine', () => {
  const source = readFileSync(join(import.meta.dirname, '../../dist/engine/quickjs.c'), 'utf8');

  it('is changed where it counts and frees', () => {
    const changed = keepSaved(source);
    expect(changed.match(/is_kept\(/g)).toHaveLength(2);
    expect(changed).toContain('#define JS_REF_COUNT(p) (*count_of(p))');
    expect(changed).not.toContain('(js_rc(p)->ref_count)');
    expect(changed).not.toContain('JS_REF_COUNT(sh) = 1;');
  });

  it('of another release is refused: whoever takes it looks at it first', () => {
    const words = "The engine's source has not once";
    expect(() => keepSaved(source.replace('js_rc(p)->ref_count', 'js_rc(p)->references'))).toThrow(words);
    expect(() => keepSaved(source + source)).toThrow(words);
    expect(() => keepSaved(keepSaved(source))).toThrow(words);
  });
});
