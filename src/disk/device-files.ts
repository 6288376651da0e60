/** What device plugins and delegates tell each other about devices (NPWG device information specification 1.1). Touches the files it is given. */
import type { DeviceFiles } from '../attach/ports';
import { parseObject } from '../json';
import { deleteAtomic, writeAtomic } from './atomic';
import { readText } from './files';

const longest = 64 * 1024; // bytes

/** Files of this node. */
export const deviceFiles: DeviceFiles = {
  async copy(from, to) {
    const text = readText(from, longest);
    if (text !== undefined) writeAtomic(to, text); // over what an earlier pod left
  },
  async read(path) {
    const text = readText(path, longest);
    return text === undefined ? undefined : parseObject(text, path);
  },
  async delete(path) {
    deleteAtomic(path);
  },
};
