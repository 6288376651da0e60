/** tuning: sysctls and settings of the chain's interface. Kernel and files through the context. */
import { type AddContext, type CheckContext, chainedDelegate, type DelContext } from '../../src/attach/delegate';
import { argsMac } from '../../src/attach/mac';
import type { Netns } from '../../src/attach/ports';
import type { Result } from '../../src/cni/result';
import { fail } from '../../src/error';
import type { LinkChange } from '../../src/net/link';
import type { Mac } from '../../src/net/mac';
import { sysctlWords } from '../../src/net/sysctl';
import { requireAllowed } from './allowlist';
import { type Backup, backupOf, backupText, parseBackup, restoring } from './backup';
import { backupPath, parse, sysctlPath, type TuningConfig } from './config';

export const tuning = chainedDelegate('tuning', parse, { add, del, check });

/** What is asked of the link; `undefined` when nothing is. Pure. */
export function plan(c: TuningConfig, fromArgs: Mac | undefined): LinkChange | undefined {
  const mac = c.lastMac === undefined ? (c.runtimeMac ?? fromArgs ?? c.mac) : c.lastMac.mac;
  const { mtu, allMulti, txQueueLength } = c;
  const change: LinkChange = { mac, promisc: c.promisc || undefined, mtu, allMulti, txQueueLength };
  return Object.values(change).some((value) => value !== undefined) ? change : undefined;
}

async function add(c: TuningConfig, context: AddContext): Promise<Result> {
  const { ifName, args, prevResult, files } = context;
  if (prevResult === undefined)
    return fail('ConfigInvalid', 'Cannot tune: Required prevResult missing, put tuning after another plugin');
  await requireAllowed([...c.sysctls.keys()], files);
  await setSysctls(c, context);
  const change = plan(c, argsMac(args));
  if (change === undefined) return prevResult;
  await tuneLink(c, change, context);
  return change.mac === undefined ? prevResult : withMac(prevResult, ifName, change.mac);
}

async function setSysctls(c: TuningConfig, { pod, ifName, undo }: AddContext): Promise<void> {
  const sysctls = [...c.sysctls].map(([key, value]) => [sysctlPath(key, ifName), value] as const);
  for (const [key, value] of sysctls) {
    const former = await pod.sysctl(key);
    if (former !== undefined) undo.push(() => pod.setSysctl(key, former));
    await pod.setSysctl(key, value);
  }
}

/** What was there before is written down first. */
async function tuneLink(c: TuningConfig, change: LinkChange, context: AddContext): Promise<void> {
  const { pod, ifName, files, containerId, undo } = context;
  const link = (await pod.findLink(ifName)) ?? fail('LinkMissing', `Cannot find interface ${ifName} in the pod`);
  const backup = backupOf(link, change);
  const path = backupPath(c, containerId, ifName);
  undo.push(() => files.delete(path));
  await files.writeText(path, backupText(backup));
  undo.push(() => pod.changeLink(link.index, restoring(backup)));
  await pod.changeLink(link.index, change);
}

function withMac(result: Result, ifName: string, mac: Mac): Result {
  return { ...result, interfaces: result.interfaces.map((one) => (one.name === ifName ? { ...one, mac } : one)) };
}

/** Puts back what ADD found, if it can: a link that is gone needs nothing, and sysctls stay, as with the reference plugin. */
async function del(c: TuningConfig, { pod, ifName, files, containerId, log }: DelContext): Promise<void> {
  const path = backupPath(c, containerId, ifName);
  try {
    const text = await files.readText(path);
    if (text === undefined) return;
    if (pod !== undefined) await restore(pod, ifName, parseBackup(text));
    await files.delete(path);
  } catch (error) {
    log.warn({ ifName, error: String(error) }, 'tuning could not put back what was there before');
  }
}

async function restore(pod: Netns, ifName: string, backup: Backup): Promise<void> {
  const link = await pod.findLink(ifName);
  if (link !== undefined) await pod.changeLink(link.index, restoring(backup));
}

async function check(c: TuningConfig, { pod, ifName, args }: CheckContext): Promise<void> {
  for (const [key, value] of c.sysctls) {
    const held = await pod.sysctl(sysctlPath(key, ifName));
    if (held === undefined || sysctlWords(held) !== sysctlWords(value))
      fail('CheckFailed', `Sysctl ${key} is ${held ?? 'missing'}: Tuning configured ${value}`);
  }
  const change = plan(c, argsMac(args));
  if (change === undefined) return;
  const link = (await pod.findLink(ifName)) ?? fail('CheckFailed', `Cannot find interface ${ifName} in the pod`);
  const held = { ...link, promisc: link.promisc > 0 };
  for (const key of ['mac', 'promisc', 'mtu', 'allMulti', 'txQueueLength'] as const)
    if (change[key] !== undefined && change[key] !== held[key])
      fail('CheckFailed', `Interface ${ifName} has ${key} ${held[key]}: Tuning configured ${change[key]}`);
}
