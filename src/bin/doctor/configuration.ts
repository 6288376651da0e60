/** The directories from which the runtime takes CNI configuration and plugins: which file comes first, who may write, who else does. Judges what was looked at. */
import { isOwn } from '../../agent/conf-keeper';
import type { DirectoryLook, FileLook } from '../../disk/inspect';
import { misplacedFix } from '../../disk/misplaced';
import { isRecord } from '../../json';
import { bad, broken, type Line, type Look, ok, warning } from './check';
import { findWriter, hiddenBy } from './writers';

/** A configuration file, and the plugins that it starts. */
export interface ConfLook extends FileLook {
  readonly isBraid: boolean;
  readonly types: readonly string[];
}

const endings = /\.(conf|conflist|json)$/;

export async function checkConfiguration(look: Look): Promise<readonly Line[]> {
  const { confDir, conf, unreadable, inspection, isRoot } = look;
  const lines: Line[] = unreadable === undefined ? [] : [broken(unreadable.error, isRoot, unreadable.path)];
  const directory = inspection.directory(confDir);
  if (directory === undefined)
    lines.push(
      bad({
        subject: confDir,
        found: 'the runtime has no CNI configuration',
        cause: 'there is no such directory',
        fix: 'braid install; --net-dir DIR when the runtime has another one',
      }),
    );
  else lines.push(...judgeConfDir(confDir, directory, await readConfs(directory, look)));
  lines.push(...look.misplaced.map(judgeMisplaced));
  try {
    lines.push(...judgeBinDir(conf.binDir, inspection.directory(conf.binDir)));
  } catch (error) {
    lines.push(broken(error, isRoot, conf.binDir));
  }
  return lines;
}

function judgeMisplaced(found: string): Line {
  const cause =
    "the runtime's configuration was changed after Braid was installed, or names a directory that is not there";
  return bad({ found, cause, fix: misplacedFix });
}

async function readConfs(directory: DirectoryLook, { confDir, edges }: Look): Promise<readonly ConfLook[]> {
  const files = directory.entries.filter(
    ({ name, isDirectory }) => !isDirectory && endings.test(name) && !name.startsWith('.'),
  );
  const read = async (file: FileLook): Promise<ConfLook> => {
    try {
      const text = (await edges.files.readText(`${confDir}/${file.name}`)) ?? '';
      return { ...file, isBraid: isOwn(text), types: typesIn(text) };
    } catch {
      return { ...file, isBraid: file.name.includes('braid'), types: [] }; // not readable: by its name
    }
  };
  return Promise.all(files.map(read));
}

function typesIn(text: string): readonly string[] {
  try {
    const conf: unknown = JSON.parse(text);
    const plugins = isRecord(conf) && Array.isArray(conf.plugins) ? conf.plugins : [conf];
    return plugins.flatMap((plugin) => (isRecord(plugin) && typeof plugin.type === 'string' ? [plugin.type] : []));
  } catch {
    return [];
  }
}

/** Pure: a runtime takes the first file by name; `directory` has them all, `confs` those it reads. */
export function judgeConfDir(path: string, directory: DirectoryLook, confs: readonly ConfLook[]): readonly Line[] {
  const lines: Line[] = [...judgeWriters(path, directory, confs)];
  const open = [directory, ...confs.map((each) => ({ ...each, name: `${path}/${each.name}` }))].flatMap(judgeOwner);
  return [judgeFirst(path, confs), ...open, ...lines];
}

function judgeFirst(path: string, confs: readonly ConfLook[]): Line {
  const [first, ...others] = confs;
  const own = confs.find(({ isBraid }) => isBraid);
  if (first === undefined)
    return bad({
      subject: path,
      found: 'the runtime has no CNI configuration',
      cause: 'the directory has no such file',
      fix: 'braid install',
    });
  if (own === undefined)
    return bad({
      subject: `${path}/${first.name}`,
      found: "the runtime takes this file, and none of Braid's is there",
      cause: 'Braid is not installed, or another program took its file away',
      fix: 'braid install; the node agent puts it back by itself',
    });
  if (first !== own)
    return bad({
      subject: `${path}/${first.name}`,
      found: `the runtime takes this file, not ${own.name}`,
      cause: `it comes first by name; ${first.changed > own.changed ? "it was written after Braid's" : "it was there before Braid's"}`,
      fix: `braid install writes a name that comes first; or see who wrote that file, and stop it`,
    });
  const later = others.map(({ name }) => name);
  return ok(`comes first${later.length === 0 ? '' : `, before ${later.join(', ')}`}`, `${path}/${first.name}`);
}

/** Who else writes there: by names, by plugins, by time. */
function judgeWriters(path: string, directory: DirectoryLook, confs: readonly ConfLook[]): readonly Line[] {
  const own = confs.find(({ isBraid }) => isBraid);
  const lines = confs.flatMap((conf) => judgeWriter(path, conf, own) ?? []);
  const hidden = hiddenBy.flatMap(({ ending, program }) => {
    const names = directory.entries.filter(({ name }) => name.endsWith(ending)).map(({ name }) => name);
    const harm = findWriter(program.toLowerCase(), [])?.harm;
    return names.length === 0 || harm === undefined
      ? []
      : [warning({ subject: path, found: `${program} has renamed ${names.join(', ')}`, ...harm })];
  });
  return [...lines, ...hidden];
}

function judgeWriter(path: string, conf: ConfLook, own: ConfLook | undefined): Line | undefined {
  const subject = `${path}/${conf.name}`;
  if (conf.isBraid) {
    const guests = conf.types.slice(1);
    const harm = findWriter(undefined, guests)?.harm;
    if (guests.length === 0) return undefined;
    return warning({
      subject,
      found: `another program put ${guests.join(', ')} into Braid's file`,
      cause: harm?.cause ?? 'it adds its plugin to whatever file comes first',
      fix: harm?.fix ?? 'let it use the file of the cluster network; braid install writes the file anew',
    });
  }
  const writer = findWriter(conf.name, conf.types);
  if (writer?.harm !== undefined)
    return warning({ subject, found: `${writer.program} writes here, too`, ...writer.harm });
  const when = own !== undefined && conf.changed > own.changed ? ", written after Braid's file" : '';
  return ok(`of ${writer?.program ?? 'a program that is not known here'}${when}`, subject);
}

/** Pure: what lies there is run as root. */
export function judgeBinDir(path: string, directory: DirectoryLook | undefined): readonly Line[] {
  if (directory === undefined)
    return [
      bad({
        subject: path,
        found: 'the directory of plugins is not there',
        cause: 'the runtime has another one, or no plugin was ever installed',
        fix: 'braid install; "binDir" names another one',
      }),
    ];
  const files = directory.entries.filter(({ isDirectory }) => !isDirectory);
  const open = [directory, ...files.map((each) => ({ ...each, name: `${path}/${each.name}` }))].flatMap(judgeOwner);
  return open.length > 0 ? open : [ok(`is root's; ${files.length} plugins`, path)];
}

function judgeOwner({ name, uid, mode }: FileLook): readonly Line[] {
  if (uid === 0 && (mode & 0o022) === 0) return [];
  const whose = uid === 0 ? `mode ${mode.toString(8)}` : `owner ${uid}`;
  return [
    bad({
      subject: name,
      found: `others than root may write it (${whose})`,
      cause: 'who writes there has what he likes run as root on this node',
      fix: `chown 0:0 ${name}; chmod go-w ${name}`,
    }),
  ];
}
