/** Definitions of networks on this node: manifests of networksDir and files of confDir. Reads the disk. */
import { type DefinitionObject, toDefinition } from '../attach/definition';
import type { Log, Networks } from '../attach/ports';
import { type CniError, toCniError } from '../error';
import { filesOf, findConf, findConfAt, mentions } from './conf-dir';
import { readText } from './files';
import { parseManifests } from './manifests';

/** Of manifests of networks. */
export const manifestEndings = ['.yaml', '.yml', '.json'];

/** Where definitions are looked for. */
export interface NetworkPlaces {
  /** Directories of NetworkAttachmentDefinition manifests, in order: .yaml, .yml and .json, not below sub-directories. */
  readonly networksDirs: readonly string[];
  /** Directory of CNI configuration files. */
  readonly confDir: string | undefined;
}

/**
 * Networks of these directories. Each manifest is read and parsed once, when it is first needed: for one call of a
 * runtime, which is over in milliseconds. They are the operator's: symbolic links are followed (mounted ConfigMaps are
 * made of them), hidden files are not read, and a file has at most 1 MiB.
 */
export function createNetworks({ networksDirs, confDir }: NetworkPlaces, log: Log): Networks {
  let files: readonly ManifestFile[] | undefined;
  const manifests = (): readonly ManifestFile[] =>
    (files ??= networksDirs.flatMap((directory) => manifestFiles(directory, log)));
  return {
    find: (namespace, name) => find(namespace, name, manifests(), log),
    findInConfDir: async (name) => (confDir === undefined ? undefined : findConf(confDir, name, log)),
    findAtPath: async (path) => findConfAt(path),
    isBehind: async () => false,
  };
}

/** A file whose text and content are known from the first look on. */
class ManifestFile {
  #text: string | undefined;
  #looked = false;
  #manifests: Promise<readonly DefinitionObject[]> | undefined;

  /** The file's name without its ending. */
  readonly name: string;

  constructor(readonly path: string) {
    this.name = path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('.'));
  }

  /** Its text; empty when it is gone. IoFailed each time when it cannot be read. */
  text(): string {
    if (!this.#looked) this.#text = readText(this.path);
    this.#looked = true;
    return this.#text ?? '';
  }

  manifests(): Promise<readonly DefinitionObject[]> {
    this.#manifests ??= parseManifests(this.text(), this.path);
    return this.#manifests;
  }
}

/** The network in a file of its own name, or else in any: a directory of hundreds costs a call no more than one of few. */
async function find(namespace: string, name: string, files: readonly ManifestFile[], log: Log) {
  const own = files.filter((file) => file.name === name);
  const first = await findLast(namespace, name, own, log);
  if (first.found !== undefined) return toDefinition(first.found);
  const others = files.filter((file) => !own.includes(file));
  const { found, broken = first.broken } = await findLast(namespace, name, others, log);
  if (found !== undefined) return toDefinition(found);
  if (broken !== undefined) throw broken;
  return undefined;
}

/** What was found, and the first mistake of a file that may have it. */
interface Found {
  readonly found: DefinitionObject | undefined;
  readonly broken: CniError | undefined;
}

/** The last one of that name, as in the API the later one applied wins. Only files that have the name in their text are parsed. */
async function findLast(namespace: string, name: string, files: readonly ManifestFile[], log: Log): Promise<Found> {
  let found: DefinitionObject | undefined;
  let broken: CniError | undefined;
  for (const file of files) {
    const { path } = file;
    let text = '';
    try {
      text = file.text();
      if (!text.includes(name)) continue;
      for (const manifest of await file.manifests()) {
        if (manifest.namespace !== namespace || manifest.name !== name) continue;
        if (found !== undefined)
          log.warn(
            { network: `${namespace}/${name}`, first: found.source, used: path },
            'Network defined twice: the later one counts',
          );
        found = manifest;
      }
    } catch (error) {
      const known = toCniError(error);
      log.warn({ path, error: known.problem }, 'Skipped a manifest that cannot be read');
      if (mentions(text, name)) broken ??= known;
    }
  }
  return { found, broken };
}

function manifestFiles(directory: string, log: Log): readonly ManifestFile[] {
  const files = filesOf(directory, manifestEndings);
  if (files === undefined) log.warn({ directory }, 'networksDir does not exist');
  return (files ?? []).map((path) => new ManifestFile(path));
}
