/** ADD: attaches every network of a plan in order, decides the routes, answers with one result. Acts through the edges. */
import { mergeResults } from '../cni/merge';
import { typeOf } from '../cni/network';
import type { Result, ResultRoute } from '../cni/result';
import { fail, placed, toCniError } from '../error';
import type { Json } from '../json';
import { addressOf } from '../net/ip';
import type { Link } from '../net/link';
import type { IfName } from '../net/names';
import type { Route } from '../net/route';
import type { Attachment } from '../pod/attachment';
import { announceForeign } from './announce';
import { addChain, type Chain, type LiveSandbox, openChain } from './chain';
import { type Failed, keepFailed, toText } from './detach';
import { findHeld, freeDeadSandbox } from './earlier';
import { doubtForeign } from './foreign-claims';
import { stopwatch } from './history';
import { type Apart, holdBackNew, keepApart, stopForwarding } from './isolation';
import { metered } from './meter';
import type { Edges } from './ports';
import { type Watched, watched } from './read-back';
import { type AttachedRecord, type AttachRecord, type RecordedAttachment, recordVersion } from './record';
import { planRoutes, type RouteChanges, type Routed, type RoutePolicy, routesAfter } from './routes';
import { requireFreeAddresses } from './static-addresses';
import { groupsOf } from './together';
import { Undo } from './undo';
import { warn } from './warn';

/** What is to be attached to a sandbox, decided before anything is done. */
export interface AddPlan {
  readonly sandbox: LiveSandbox;
  readonly ifName: IfName; // CNI_IFNAME: with the container id it names the record
  readonly pod: AttachRecord['pod'];
  readonly attachments: readonly Attachment[]; // the default network first
  readonly routes: RoutePolicy;
  /** Warnings are errors. */
  readonly strict: boolean;
  /** Hand the runtime the default network's result alone (CRI-O takes every address for a pod IP). */
  readonly defaultResultOnly: boolean;
}

/**
 * Attaches all networks or none. The record is on disk before anything is done and gone after everything was undone.
 * Asked again for a sandbox that is attached, it returns the recorded result while the kernel still holds it.
 */
export async function addAll(plan: AddPlan, edges: Edges): Promise<Result> {
  const { containerId } = plan.sandbox;
  return edges.records.locked(containerId, async () => {
    const earlier = await findHeld(plan.sandbox, plan.ifName, edges);
    const record = earlier ?? (await attachNew(plan, edges));
    await tellCluster(record, edges);
    return record.result;
  });
}

/** The agent tells the cluster; without one it is done here, once. That it cannot be told fails no ADD. */
async function tellCluster(record: AttachRecord, edges: Edges): Promise<void> {
  const { containerId, ifName, unpublished } = record;
  if (unpublished === undefined || (await edges.agent.tell({ tell: 'publish', of: { containerId, ifName } }))) return;
  if (edges.publisher === undefined) return;
  const { publishRecord } = await import('./publish');
  await publishRecord(record, edges.publisher, edges);
}

async function attachNew(plan: AddPlan, edges: Edges): Promise<AttachedRecord> {
  await freeDeadSandbox(plan.pod, plan.sandbox, edges);
  return await attachAll(plan, edges);
}

async function attachAll(asked: AddPlan, trusting: Edges): Promise<AttachedRecord> {
  const { pod, edges, indexInPod, verify } = watched(asked.sandbox.pod, trusting);
  const sandbox = { ...asked.sandbox, pod };
  const plan = { ...asked, sandbox };
  const record = begun(plan, edges);
  const undo = new Undo();
  const failed: Failed[] = [];
  const fresh = { ...sandbox, fresh: true, masters: new Map() } as const; // what an earlier call left was taken away
  const { steps: took, lap } = stopwatch(edges.meter.elapsed);
  const chains = plan.attachments.map((attachment) => at(attachment, () => openChain(attachment, fresh, edges)));
  try {
    await edges.records.save(record); // before anything exists: DEL and GC can find it
    await requireFreeAddresses(record, edges);
    lap('plan');
    const made: Made[] = [];
    let first: readonly Route[] = [];
    const attach = async (position: number): Promise<Made> => {
      const attachment = plan.attachments[position] as Attachment;
      const steps = new Undo();
      undo.push(() => takeBack(attachment, steps, failed));
      const chain = chains[position] ?? [];
      const add = () => addOne(attachment, chain, { ...fresh, strict: plan.strict }, edges, steps);
      const added = await metered(edges.meter, attachment.network, add);
      lap(attachment.network);
      return added;
    };
    for (const group of groupsOf(plan.attachments, (type) => edges.findDelegate(type) !== undefined)) {
      const work = (): Promise<readonly Made[]> => allOf(group.map(attach));
      const added = group.length === 1 ? await work() : await edges.kernel.overlapping(work);
      made.push(...added);
      if (added[0]?.attachment.isDefault === true && plan.attachments.length > 1) first = await beforeOthers(plan);
    }
    const routed = await setApart(made, plan, indexInPod, undo);
    const routes = await decideRoutes(routed, first, plan, edges, undo);
    await verify();
    lap('routes');
    const result = toAnswer(routed, routes, plan);
    const attachments: RecordedAttachment[] = [];
    for (const [at, attachment] of plan.attachments.entries()) {
      const info = await deviceInfo(attachment, sandbox, edges);
      attachments.push({ ...attachment, result: routed[at]?.result, routes: routes[at], deviceInfo: info });
    }
    const done = { ...record, attachments, result, steps: took, unpublished: record.pod && { problem: undefined } };
    await edges.records.save(done);
    return done;
  } catch (error) {
    const left = await undo.run(); // newest first, every step
    if (left.length > failed.length)
      edges.log.warn({ left: left.map(toText) }, 'could not undo everything; GC will retry from the record');
    else
      await keepFailed(record, failed, edges, 'ADD').catch((cause) =>
        edges.log.warn({ left: toText(toCniError(cause)) }, 'could not write down what is left; the record says more'),
      );
    throw error;
  }
}

/** What all of them give; the first that failed is thrown when none works any more. */
async function allOf<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  const outcomes = await Promise.allSettled(works);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}

/** The pod's routes with the default network alone; from here on what routers advertise stays behind it. */
async function beforeOthers({ sandbox: { pod }, routes }: AddPlan): Promise<readonly Route[]> {
  if (routes.guard) await holdBackNew(pod);
  return await pod.routes();
}

/** Takes one network back; if that fails, why is kept, and thrown. */
async function takeBack(attachment: Attachment, steps: Undo, failed: Failed[]): Promise<void> {
  const problems = await steps.run();
  const [first] = problems;
  if (first === undefined) return;
  failed.unshift({ attachment: { ...attachment, result: undefined }, problems });
  throw first;
}

async function lendDevice(
  attachment: Attachment,
  { containerId }: LiveSandbox,
  edges: Edges,
  undo: Undo,
): Promise<void> {
  const { deleteInfo, lendInfo } = await import('./devices');
  undo.push(() => deleteInfo(attachment, containerId, edges)); // a delegate may write it, too
  await lendInfo(attachment, containerId, edges);
}

async function deviceInfo(
  attachment: Attachment,
  { containerId }: LiveSandbox,
  edges: Edges,
): Promise<Json | undefined> {
  if (attachment.device === undefined) return undefined;
  const { readInfo } = await import('./devices');
  return await readInfo(attachment, containerId, edges);
}

/** One network's attachment, as its delegates tell it. */
interface Made {
  readonly attachment: Attachment;
  readonly result: Result;
  /** The links that foreign delegates made in the pod: they need not tell; undefined: the result tells. */
  readonly links: readonly Link[] | undefined;
}

/** Attaches one network; an error says which. */
async function addOne(
  attachment: Attachment,
  chain: Chain,
  sandbox: LiveSandbox & Pick<AddPlan, 'strict'>,
  edges: Edges,
  undo: Undo,
): Promise<Made> {
  const { pod, strict } = sandbox;
  const { ifName } = attachment;
  try {
    const foreign = attachment.plugins.some((plugin) => edges.findDelegate(typeOf(plugin)) === undefined);
    const before = foreign ? await pod.links() : [];
    if (before.some(({ name }) => name === ifName))
      // a built-in one sees for itself
      fail('LinkExists', `Cannot make interface ${ifName}: the pod has one of that name`);
    if (attachment.device !== undefined) await lendDevice(attachment, sandbox, edges, undo);
    const result = await addChain(chain, undo);
    if (!foreign) return { attachment, result, links: undefined };
    if (attachment.device === undefined) await doubtForeign(pod, attachment.network, result, strict, edges);
    const links = (await pod.links()).filter(({ index }) => !before.some((old) => old.index === index));
    const own = links.find(({ name }) => name === ifName);
    if (own !== undefined) await announceForeign(pod, own, result, edges);
    return { attachment, result, links };
  } catch (error) {
    throw placed(error, { network: attachment.network, ifName });
  }
}

/**
 * Keeps the networks apart, and tells what each has in the kernel. Links whose index is known are kept apart before the one look
 * at the pod's links, so that it counts for what was changed there, too.
 */
async function setApart(
  made: readonly Made[],
  { sandbox: { pod }, routes }: AddPlan,
  indexInPod: Watched['indexInPod'],
  undo: Undo,
): Promise<readonly Routed[]> {
  const known = made.map(({ attachment: { ifName }, links }) =>
    links === undefined ? indexInPod(ifName) : links.find(({ name }) => name === ifName)?.index,
  );
  const keep = (indexes: readonly (number | undefined)[]): Promise<void> =>
    keepApart(pod, apart(made, indexes, routes), undo);
  await keep(known);
  const links = await pod.links();
  const routed = made.map((one) => linksOf(one, links));
  await keep(routed.map(({ index }, at) => (index === 0 || index === known[at] ? undefined : index)));
  const isolated = made.flatMap(({ attachment: { isDefault, isolated } }, at) =>
    isolated && !isDefault ? (links.find(({ index }) => index === routed[at]?.index) ?? []) : [],
  );
  await stopForwarding(pod, isolated);
  return routed;
}

/** The further networks' links with these indexes, by position, and how each is kept apart. */
function apart(
  made: readonly Made[],
  indexes: readonly (number | undefined)[],
  { guard }: RoutePolicy,
): readonly Apart[] {
  return made.flatMap(({ attachment: { ifName: name, isDefault, isolated } }, position) => {
    const index = indexes[position];
    if (isDefault || index === undefined) return [];
    return [{ link: { name, index }, isolated, heldBack: guard ? position : undefined }];
  });
}

/** What of the pod's links is the network's, as asked for; index 0: a device handed to user space, which has none. */
function linksOf({ attachment, result, links: foreign }: Made, links: readonly Link[]): Routed {
  const { ifName } = attachment;
  const names = new Set<string>([ifName, ...namesInPod(result)]);
  const own = links.filter(({ name, index }) => foreign?.some((one) => one.index === index) ?? names.has(name));
  const link = own.find(({ name }) => name === ifName);
  at(attachment, () => checkAsked(attachment, result, link));
  return { attachment, result, index: link?.index ?? 0, indexes: own.map(({ index }) => index) };
}

function namesInPod({ interfaces }: Result): readonly string[] {
  return interfaces.filter(({ sandbox }) => sandbox !== undefined && sandbox !== '').map(({ name }) => name);
}

function at<T>(attachment: Attachment, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw placed(error, { network: attachment.network, ifName: attachment.ifName });
  }
}

/** A request is honoured or fails: the addresses asked for are in the result, the MAC is the link's. A prefix length may differ: the pool's counts. */
function checkAsked({ asked, ifName }: Attachment, result: Result, link: Link | undefined): void {
  const got = result.ips.map(({ address }): string => addressOf(address));
  const missing = asked.ips.find((wanted) => !got.includes(wanted.replace(/\/.*/, '')));
  if (missing !== undefined)
    fail('RequestUnmet', `Cannot give ${ifName} the address ${missing}: the delegate gave ${got.join(', ') || 'none'}`);
  if (asked.mac !== undefined && link !== undefined && link.mac !== asked.mac)
    fail('RequestUnmet', `Cannot give ${ifName} the MAC ${asked.mac}: the delegate gave ${link.mac ?? 'none'}`);
}

/** Decides and enters the routes; those of each attachment, as they are in the kernel then. */
async function decideRoutes(
  routed: readonly Routed[],
  first: readonly Route[],
  { sandbox: { pod }, routes: policy, strict }: AddPlan,
  edges: Edges,
  undo: Undo,
): Promise<readonly (readonly ResultRoute[])[]> {
  if (!routed.some(({ attachment }) => !attachment.isDefault)) return routed.map(({ result }) => result.routes);
  const changes = planRoutes(routed, { first, now: await pod.routes({ table: 'all' }) }, policy);
  tell(changes, strict, edges);
  for (const route of changes.remove) {
    await pod.deleteRoute(route);
    undo.push(() => pod.addRoute(route, 'append'));
  }
  for (const route of changes.add) {
    await pod.addRoute(route, 'append');
    undo.push(() => pod.deleteRoute(route));
  }
  return routed.map((one) => routesAfter(one, changes));
}

function tell({ warnings, notes }: RouteChanges, strict: boolean, edges: Edges): void {
  warn(warnings, 'NetworkInvalid', strict, edges);
  for (const note of notes) edges.log.info({ note }, 'kept the networks independent');
}

function toAnswer(
  routed: readonly Routed[],
  routes: readonly (readonly ResultRoute[])[],
  { defaultResultOnly, sandbox }: AddPlan,
): Result {
  const results = routed.map((one, at) => ({
    ifName: one.attachment.ifName,
    result: { ...one.result, routes: routes[at] ?? [] },
  }));
  return mergeResults(defaultResultOnly ? results.slice(0, 1) : results, sandbox.netns);
}

function begun({ sandbox, ifName, pod, attachments }: AddPlan, edges: Edges): AttachRecord {
  return {
    version: recordVersion,
    containerId: sandbox.containerId,
    ifName,
    netns: sandbox.netns,
    netnsId: sandbox.pod.identity,
    pod,
    bootId: edges.bootId,
    createdAt: edges.now(),
    attachments: attachments.map((attachment) => ({ ...attachment, result: undefined })),
    result: undefined,
  };
}
