/** The disk that records are kept on, and the records. Judges what was looked at; reads records. */
import type { DiskLook } from '../../disk/inspect';
import { bad, broken, type Line, type Look, ok, skipped, warning } from './check';

const mebibyte = 1024 * 1024;

export async function checkDisk({ conf, inspection, isRoot }: Look): Promise<readonly Line[]> {
  return judgeDisk(inspection.disk(conf.cniDir), conf.cniDir, isRoot);
}

/** Pure: what the disk of `cniDir` means for pods. */
export function judgeDisk(disk: DiskLook, cniDir: string, isRoot: boolean): readonly Line[] {
  const { free, freePart, freeInodes, isNetwork, problem, path } = disk;
  const lines: Line[] = [];
  if (problem !== undefined)
    lines.push(
      isRoot
        ? bad({
            subject: path,
            found: 'nothing can be written and brought to the disk',
            cause: problem,
            fix: 'mount it writable, free space, check the disk: dmesg; no pod starts without a record',
          })
        : skipped('whether root can write there needs root', 'sudo braid doctor', path),
    );
  const percent = Math.round(freePart * 100);
  const full = { subject: path, cause: 'something fills it: no pod starts without a record' };
  if (freePart < 0.05 && free < 1024 * mebibyte)
    lines.push(
      bad({
        ...full,
        found: `${percent} % of the disk is free, ${size(free)}`,
        fix: `free space: du -xh ${path} | sort -h | tail`,
      }),
    );
  if (freeInodes !== undefined && freeInodes < 0.05)
    lines.push(
      bad({
        ...full,
        found: `${Math.round(freeInodes * 100)} % of the inodes are free`,
        fix: `delete small files: du -x --inodes ${path} | sort -n | tail`,
      }),
    );
  if (isNetwork)
    lines.push(
      warning({
        subject: cniDir,
        found: 'lies on a network file system',
        cause: 'locks and renames there may fail or hang when its server does, and pods with them',
        fix: 'a local directory as "cniDir"',
      }),
    );
  if (lines.length > 0) return lines;
  const inodes = freeInodes === undefined ? '' : `, ${Math.round(freeInodes * 100)} % of the inodes`;
  return [ok(`writes reach the disk; ${size(free)} free (${percent} %)${inodes}`, path)];
}

function size(bytes: number): string {
  return bytes < 1024 * mebibyte ? `${Math.round(bytes / mebibyte)} MiB` : `${Math.round(bytes / 1024 / mebibyte)} GiB`;
}

/** Every record can be read. */
export async function checkState({ edges, conf, isRoot }: Look): Promise<readonly Line[]> {
  const { whole, broken: unusable } = await edges.records.everything();
  const lines = unusable.map(
    ({ error, containerId }): Line =>
      isRoot
        ? bad({
            subject: `record of ${containerId.slice(0, 12)}`,
            found: 'cannot be used',
            cause: error.problem,
            fix: error.hint,
          })
        : broken(error, isRoot),
  );
  return [...lines, ok(`${whole.length} sandboxes are recorded`, conf.cniDir)];
}
