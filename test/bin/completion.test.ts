/** Completions as the shells make them, and the man page. Runs bash, zsh and fish. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../src/bin/cli';
import { shapesOf } from '../../src/bin/text/commands';
import { shells, toCompletion } from '../../src/bin/text/completion';
import { toManPage } from '../../src/bin/text/man';
import { temporaryDirectory } from '../disk/temp';

const shapes = shapesOf(program());
const run = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' });

describe('completion', () => {
  /** Writes the script; gone with the test. */
  const scriptOf = (shell: (typeof shells)[number]): string => {
    const file = join(temporaryDirectory(), shell);
    writeFileSync(file, toCompletion(shell, shapes));
    return file;
  };

  it.each(shells.map((shell) => [shell]))('%s: the script can be read', (shell) => {
    run(shell, '-n', scriptOf(shell));
  });

  /** What bash offers behind these words. */
  const inBash = (...words: readonly string[]): readonly string[] => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `source ${scriptOf('bash')}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _braid; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', '-c', script).trim().split('\n');
  };

  it('bash: offers commands, options, and the values of options and arguments', () => {
    expect(inBash('braid', 'ex')).toEqual(['explain']);
    expect(inBash('braid', 'gc', '--d')).toEqual(['--dry-run']);
    expect(inBash('braid', 'list', '-o', '')).toEqual(['text', 'json']);
    expect(inBash('braid', 'explain', 'Pool')).toEqual(['PoolExhausted']);
    expect(inBash('braid', 'list', '--conf', '/etc/host')).toContain('/etc/hosts');
  });

  it('fish: offers the same', () => {
    const inFish = (line: string): readonly string[] =>
      run('fish', '-c', `source ${scriptOf('fish')}; complete -C '${line}'`)
        .trim()
        .split('\n')
        .map((offer) => offer.split('\t')[0] ?? '');
    expect(inFish('braid ex')).toEqual(['explain']);
    expect(inFish('braid gc --d')).toEqual(['--dry-run']);
    expect(inFish('braid list -o ')).toEqual(['json', 'text']);
    expect(inFish('braid explain Pool')).toEqual(['PoolExhausted']);
  });

  it('has every command in every shell', () => {
    for (const shell of shells)
      for (const { name } of shapes) expect(toCompletion(shell, shapes), `${shell} ${name}`).toContain(name);
  });
});

describe('the man page', () => {
  it('has every command with every option, hyphens as minus signs', () => {
    const page = toManPage(shapes);
    for (const { name, options } of shapes) {
      expect(page).toContain(`.SS "braid ${name.replaceAll('-', '\\-')}`);
      for (const { flags } of options) expect(page).toContain(flags.map((flag) => flag.replaceAll('-', '\\-'))[0]);
    }
  });
});
