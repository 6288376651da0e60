/** README.md and docs/ say what is so: their examples are parsed by the product, their tables compared with the source. Reads files only. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDelegate } from '../plugins';
import { errorsPage } from '../scripts/docs';
import { program } from '../src/bin/cli';
import { shapesOf } from '../src/bin/text/commands';
import { parseConfig } from '../src/cni/config';
import { parseNetwork, typeOf } from '../src/cni/network';
import { CniError, reasons, toErrorObject } from '../src/error';
import type { Json } from '../src/json';
import { networksAnnotation, parseNetworks } from '../src/pod/networks';
import { blocks, isMake, pages, root } from './e2e/demo-docs';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const of = (language: string) => blocks().filter((block) => block.language === language);
const place = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}:${line}`;

const targets = () => [...read('Makefile').matchAll(/^([a-z-]+):.*##/gm)].map(([, target]) => target);

describe('blocks', () => {
  it('are shell, JSON or YAML', () => {
    expect(
      blocks()
        .filter(({ language }) => !['sh', 'json', 'yaml'].includes(language))
        .map(place),
    ).toEqual([]);
    const known = { sh: 5, json: 7, yaml: 1 }; // at least: none of those is lost on the way here
    for (const [language, least] of Object.entries(known))
      expect(of(language).length, language).toBeGreaterThanOrEqual(least);
  });

  it.each(
    of('sh')
      .filter(isMake)
      .map((block) => [place(block), block.text]),
  )('%s: make has those targets', (_, text) => {
    for (const line of text.trim().split('\n')) expect(targets()).toContain(line.split(' ')[1]);
  });

  it.each(of('json').map((block) => [place(block), block.text]))('%s: the product takes it', (_, text) => {
    const value = JSON.parse(text) as Json;
    if (Array.isArray(value)) {
      expect(parseNetworks(text, 'default').warnings).toEqual([]);
    } else if ('code' in value) {
      const entry = reasons().find(({ code }) => code === value.code);
      const made = toErrorObject(new CniError(entry?.reason ?? 'Internal', String(value.msg)), '1.0.0');
      expect(value).toEqual(made);
    } else if (Array.isArray(value.plugins)) {
      const [plugin] = value.plugins as [Json];
      expect(plugin.type).toBe('braid');
      expect(
        parseConfig(JSON.stringify({ ...plugin, name: value.name, cniVersion: value.cniVersion })).warnings,
      ).toEqual([]);
    } else {
      const { plugins, warnings } = parseNetwork(text, 'example');
      expect(warnings).toEqual([]);
      for (const plugin of plugins) expect(findDelegate(typeOf(plugin))?.bind(plugin)).toBeDefined();
    }
  });

  it.each(of('yaml').map((block) => [place(block), block.text]))(
    '%s: a pod that asks for networks of conf/',
    (_, text) => {
      const pod = Bun.YAML.parse(text) as { metadata: { annotations: Record<string, string> } };
      const { selections, warnings } = parseNetworks(pod.metadata.annotations[networksAnnotation], 'default');
      expect(warnings).toEqual([]);
      for (const { name } of selections) expect(existsSync(join(root, `conf/networks/${name}.yaml`)), name).toBe(true);
    },
  );
});

describe('running text', () => {
  /** What stands in backquotes there, and begins so. */
  const spans = (begin: RegExp): readonly (readonly [string, string])[] =>
    pages.flatMap((page) => {
      const text = read(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
      return [...text.matchAll(/`([^`]+)`/g)]
        .map(([, span = '']) => [page, span] as const)
        .filter(([, span]) => begin.test(span));
    });

  it('names commands of braid and options that they have', () => {
    const shapes = shapesOf(program());
    const named = spans(/^(sudo |dist\/)?braid [a-z-]/);
    expect(named.length).toBeGreaterThan(50);
    for (const [page, span] of named) {
      const [name, ...rest] = span.replace(/^.*?braid /, '').split(' ');
      const known = ['--help', ...shapes.map((shape) => shape.name)];
      expect(known, `${page}: ${span}`).toContain(name);
      const flags = shapes.find((shape) => shape.name === name)?.options.flatMap((option) => option.flags) ?? [];
      for (const word of rest.filter((each) => each.startsWith('-')))
        expect(flags, `${page}: ${span}`).toContain(word.replace(/=.*/, ''));
    }
  });

  it('names targets of make', () => {
    for (const [page, span] of spans(/^make [a-z]/))
      expect(targets(), `${page}: ${span}`).toContain(span.split(' ')[1]);
  });

  it('names files of the repository', () => {
    for (const [page, span] of spans(/^(conf|docs|plugins|scripts|src|test)\/[\w./-]+$/))
      expect(existsSync(join(root, span)), `${page}: ${span}`).toBe(true);
  });

  it('names every metric, and none that is not there', () => {
    const told = new Set([...read('docs/operations.md').matchAll(/\bbraid_[a-z_]+/g)].map(([name]) => name));
    const served = new Set([...read('src/agent/metrics.ts').matchAll(/'(braid_[a-z_]+)'/g)].map(([, name]) => name));
    expect([...told].sort()).toEqual([...served].sort());
  });
});

describe('links', () => {
  it.each(pages.map((page) => [page]))('%s: lead to files and headings that are there', (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target.startsWith('https:')) continue;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      expect(existsSync(join(root, path)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(read(path)), target).toContain(anchor);
    }
  });
});

/** What GitHub makes of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('docs/errors.md', () => {
  it('is what scripts/docs.ts makes of the catalogue', () => {
    expect(read('docs/errors.md')).toBe(errorsPage());
    for (const { reason, code } of reasons()) {
      expect(errorsPage()).toContain(`| ${code} | [${reason}](#${reason.toLowerCase()}) |`);
      expect(errorsPage()).toContain(`\n### ${reason}\n`);
    }
  });

  it('is checked and written by a command', () => {
    execFileSync(join(root, 'scripts/bun'), ['scripts/docs.ts', '--check'], { cwd: root });
  });
});

describe('docs/operations.md', () => {
  it('names reasons that there are, in its table of troubles', () => {
    const [, table = ''] = /\| What you see \|([\s\S]*)$/.exec(read('docs/operations.md')) ?? [];
    const rows = table.split('\n').filter((row) => row.startsWith('| ') && !row.startsWith('| ---'));
    const named = rows.flatMap((row) => row.split('|')[2]?.match(/\b[A-Z]\w+/g) ?? []);
    expect(named.length).toBeGreaterThan(15);
    const known = reasons().map(({ reason }) => reason as string);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  const documented = new Set([...page.matchAll(/`([\w./-]+)`/g)].map(([, key = '']) => key.toLowerCase()));

  it('has every key that the source knows', () => {
    const source = read('src/cni/config-fields.ts');
    const [, list = ''] = /const keys = \[([\s\S]*?)\] as const/.exec(source) ?? [];
    const keys = [...list.matchAll(/'([^']*)'/g)].map(([, key = '']) => key);
    expect(keys.length).toBeGreaterThan(35);
    expect(keys.filter((key) => key !== 'type' && !documented.has(key.toLowerCase()))).toEqual([]);
  });

  it('has every field of the annotation', () => {
    const [, list = ''] = /const fields = \[([\s\S]*?)\] as const/.exec(read('src/pod/selection.ts')) ?? [];
    const fields = [...list.matchAll(/'([^']*)'/g)].map(([, field = '']) => field);
    expect(fields.length).toBeGreaterThan(10);
    expect(fields.filter((field) => !documented.has(field.toLowerCase()))).toEqual([]);
  });

  it('has the defaults of the source', () => {
    const conf = parseConfig(JSON.stringify({ name: 'n', cniVersion: '1.0.0', clusterNetwork: 'x' }));
    const shown = {
      cniDir: conf.cniDir,
      confDir: conf.confDir,
      binDir: conf.binDir,
      multusNamespace: conf.multusNamespace,
      systemNamespaces: JSON.stringify(conf.systemNamespaces),
      namespaceIsolation: conf.namespaceIsolation,
      globalNamespaces: conf.globalNamespaces.join(),
      networksDir: JSON.stringify(conf.networksDir),
      defaultNetworks: JSON.stringify(conf.defaultNetworks),
      clusterCIDRs: JSON.stringify(conf.clusterCIDRs),
      result: conf.result,
      isolation: conf.isolation,
      defaultRouteGuard: conf.defaultRouteGuard,
      strict: conf.strict,
      externalDelegates: conf.externalDelegates,
      delegateTimeout: conf.delegateTimeout,
      logLevel: conf.log.level,
      logToStderr: conf.log.toStderr,
    };
    for (const [key, value] of Object.entries(shown)) expect(page).toContain(`| \`${key}\` | \`${value}\` |`);
  });

  it('has every built-in delegate', () => {
    const [, table = ''] = /### Delegates([\s\S]*?)Every other type/.exec(page) ?? [];
    const types = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
      cell.replaceAll('`', '').split(', '),
    );
    expect(types.every((type) => findDelegate(type) !== undefined)).toBe(true);
    expect(types.length).toBe([...read('plugins/index.ts').matchAll(/^import (?!type)/gm)].length + 1); // cnv-bridge shares a folder
  });
});

describe('the picture', () => {
  it('is an SVG with a text for those who cannot see it, for light and dark themes', () => {
    const picture = read('docs/flow.svg');
    expect(picture).toMatch(
      /^<svg [^>]*role="img"[\s\S]*<title[\s\S]*<desc[\s\S]*prefers-color-scheme: dark[\s\S]*<\/svg>\n$/,
    );
    expect(picture).not.toMatch(/href|<script|<image/);
  });
});
