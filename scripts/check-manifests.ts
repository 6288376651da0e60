/**
 * Checks the Kubernetes objects of conf/ by the schemas of Kubernetes: types and formats by validators made from them, unknown
 * and missing fields by the compiler. Runs under Bun; writes dist/manifests only; exit status 1 when something is wrong.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const root = path.resolve(import.meta.dir, '..');
const work = path.join(root, 'dist/manifests');

/** Kinds that Kubernetes has no schema of: the first is the product's own business, tested there; the other is kustomize's. */
const elsewhere = ['NetworkAttachmentDefinition', 'Kustomization'];

function manifestsIn(file: string): readonly Manifest[] {
  const documents: unknown = Bun.YAML.parse(readFileSync(path.join(root, file), 'utf8'));
  return (Array.isArray(documents) ? documents : [documents]) as readonly Manifest[];
}

/** What the validator of its kind finds wrong; text. */
async function invalid(manifest: Manifest): Promise<string | undefined> {
  const models = (await import(`kubernetes-models/${manifest.apiVersion}`)) as Record<
    string,
    (new (data: Manifest) => { validate(): void }) | undefined
  >;
  const Model = models[manifest.kind];
  if (Model === undefined) return `no schema for ${manifest.apiVersion} ${manifest.kind}`;
  try {
    new Model(manifest).validate();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The object as TypeScript: a field that its kind does not have is an error of the compiler, and so is a missing one. */
const toSource = (manifest: Manifest): string =>
  `import type { I${manifest.kind} } from 'kubernetes-models/${manifest.apiVersion}';
const manifest: I${manifest.kind} = ${JSON.stringify(manifest, undefined, 1)};
export default manifest;
`;

/** What the compiler says about the files of `work`. */
function compile(): string {
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'preserve',
    '--moduleResolution',
    'bundler',
  ];
  const files = globSync('*.ts', { cwd: work });
  try {
    return execFileSync(path.join(root, 'node_modules/.bin/tsc'), [...options, '--types', '', ...files], {
      cwd: work,
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error);
  }
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const problems: string[] = [];
let checked = 0;
for (const file of globSync('conf/{base,networks}/**/*.yaml', { cwd: root }).sort()) {
  for (const [index, manifest] of manifestsIn(file).entries()) {
    if (elsewhere.includes(manifest.kind)) continue;
    checked += 1;
    const problem = await invalid(manifest);
    if (problem !== undefined) problems.push(`${file}: ${manifest.kind} ${manifest.metadata.name}: ${problem}`);
    writeFileSync(path.join(work, `${file.replaceAll('/', '_')}.${index}.ts`), toSource(manifest));
  }
}
problems.push(
  ...compile()
    .split('\n')
    .filter((line) => line !== ''),
);
for (const problem of problems) console.error(problem);
console.log(`check-manifests: ${checked} objects, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
