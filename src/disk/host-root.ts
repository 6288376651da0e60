/** Paths of a host whose files are mounted below a directory, as in a container. Reads links only. */
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../error';
import { errnoOf } from '../kernel/errno';
import { ioFailed, isMissing } from './io';

const mostLinks = 40; // as the kernel

/**
 * Where the host's `path` is found here: links on its way are followed as the host would, so that an absolute one
 * does not leave `root`. The end of the path need not exist.
 */
export function inRoot(root: string, path: string): string {
  let done = '/'; // on the host
  const ahead = path.split('/').filter((part) => part !== '');
  let links = 0;
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '.') continue;
    const next = join(done, part); // '..' at the host's / stays there
    const target = part === '..' ? undefined : findLinkTarget(join(root, next));
    if (target === undefined) {
      done = next;
      continue;
    }
    links += 1;
    if (links > mostLinks) fail('IoFailed', `Cannot read ${path}: more than ${mostLinks} links on its way`);
    ahead.unshift(...target.split('/').filter((each) => each !== ''));
    if (target.startsWith('/')) done = '/';
  }
  return join(root, done);
}

function findLinkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || isMissing(error)) return undefined; // no link
    throw ioFailed('read', path, error);
  }
}
