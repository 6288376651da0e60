/** A pod's devices and the files about them, in memory. Touch nothing. */
import type { DeviceFiles, Devices } from '../../src/attach/ports';
import { parseObject } from '../../src/json';

/** Ids by resource name; an error is thrown in their place. */
type Owned = Readonly<Record<string, readonly string[]>> | Error;

/** The same devices for each pod; `asked` tells who was asked, in order. */
export function fakeDevices({ allocated = {}, claimed = {} }: { allocated?: Owned; claimed?: Owned } = {}): Devices & {
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  const answer = async (who: string, owned: Owned) => {
    asked.push(who);
    if (owned instanceof Error) throw owned;
    return new Map(Object.entries(owned));
  };
  return {
    asked,
    allocated: () => answer('kubelet', allocated),
    claimed: () => answer('API server', claimed),
  };
}

/** Files by path. */
export function fakeDeviceFiles(start: Readonly<Record<string, string>> = {}): DeviceFiles & {
  readonly texts: Map<string, string>;
} {
  const texts = new Map(Object.entries(start));
  return {
    texts,
    async copy(from, to) {
      const text = texts.get(from);
      if (text !== undefined) texts.set(to, text);
    },
    async read(path) {
      const text = texts.get(path);
      return text === undefined ? undefined : parseObject(text, path);
    },
    async delete(path) {
      texts.delete(path);
    },
  };
}
