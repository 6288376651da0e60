/** Programs of others in the node's CNI directory, each for one test. Writes files there. */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';

const directory = '/opt/cni/bin';
const calls = '/run/calls-of-programs';

/** A program of that name, in the shell's words. It notes each call, with the name of the process that makes it, and the interface of its prevResult. */
export function program(name: string, script: string): void {
  const path = `${directory}/${name}`;
  const before = `conf=$(cat)
prev=$(printf '%s' "$conf" | sed -n 's/.*"prevResult":.*"interfaces":[[]{"name":"\\([^"]*\\)".*/\\1/p')
echo "$CNI_COMMAND ${name} $CNI_IFNAME of $(cat /proc/$PPID/comm) after $prev" >>${calls}
`;
  writeFileSync(path, `#!/bin/sh\n${before}${script}\n`, { mode: 0o755 });
  onTestFinished(() => {
    for (const each of [path, calls]) rmSync(each, { force: true });
  });
}

/** Calls of programs in this test, as `ADD flannel eth1 of braid after `. */
export function called(): readonly string[] {
  return readFileSync(calls, 'utf8').split('\n').slice(0, -1);
}

/** The shell's words for one of Braid's delegates doing the call: by the configuration given, or by the program's own under its type. */
export function by(type: string, config?: object): string {
  const link = `${directory}/${type}`;
  if (!existsSync(link)) {
    symlinkSync('braid', link);
    onTestFinished(() => rmSync(link));
  }
  const own = `printf '%s' "$conf" | sed "s/\\"type\\":\\"$(basename $0)\\"/\\"type\\":\\"${type}\\"/"`;
  return `${config === undefined ? own : `echo '${JSON.stringify(config)}'`} | ${link}`;
}

/** A bridge of the program's own. */
export function byBridge(name: string, bridge: string, subnet: string): string {
  return by('bridge', { cniVersion: '0.3.1', name, type: 'bridge', bridge, ipam: { type: 'host-local', subnet } });
}
