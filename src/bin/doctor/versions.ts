/** Whether what works together on this node is of one version. Judges what was asked. */
import { version as own } from '../version';
import { bad, isDenied, type Line, type Look, ok, skipped, warning } from './check';
import type { AgentLook, SnapshotLook } from './inspection';

/** What was found on the node. */
export interface Versions {
  /** Of the executable that asks. */
  readonly own: string;
  /** Of the one that the runtime starts; undefined: there is none, or it does not tell. */
  readonly installed: string | undefined;
  readonly installedPath: string;
  readonly isInstalled: boolean;
  readonly agent: AgentLook;
  readonly snapshot: SnapshotLook | undefined;
  readonly now: number;
}

const runtimes: readonly string[] = [
  'containerd',
  'crio',
  '/usr/local/bin/containerd',
  '/var/lib/rancher/k3s/data/current/bin/containerd',
  '/var/lib/rancher/rke2/bin/containerd',
  '/snap/microk8s/current/bin/containerd',
];

export async function checkVersions({ conf, inspection, now, isRoot, tell }: Look): Promise<readonly Line[]> {
  const installedPath = `${conf.binDir}/braid`;
  tell('versions of the runtime and of Braid');
  const versions: Versions = {
    own,
    installed: (await inspection.version(installedPath, ['version']))?.replace(/^braid /, ''),
    installedPath,
    isInstalled: inspection.file(installedPath) !== undefined,
    agent: looked(() => inspection.agent(conf.cniDir), isRoot),
    snapshot: looked(() => inspection.snapshot(conf.cniDir), isRoot),
    now,
  };
  let runtime: string | undefined;
  for (const command of runtimes) runtime ??= await inspection.version(command, ['--version']);
  return [
    ...judgeVersions(versions),
    runtime === undefined
      ? skipped('no command of containerd or CRI-O was found to ask', 'see: crictl version', 'container runtime')
      : ok('is the container runtime', runtime.replace(/ [0-9a-f]{40}.*/, '')),
  ];
}

/** Without root the state may be closed: as if there were none. */
function looked<T>(look: () => T, isRoot: boolean): T | { readonly problem: string; readonly confirmed: number } {
  try {
    return look();
  } catch (error) {
    if (isRoot || !isDenied(error)) throw error;
    return { problem: needsRoot, confirmed: 0 };
  }
}

const needsRoot = 'needs root';

/** Pure. */
export function judgeVersions(found: Versions): readonly Line[] {
  return [judgeInstalled(found), ...judgeAgent(found), ...judgeSnapshot(found)];
}

function judgeInstalled({ own, installed, installedPath: subject, isInstalled }: Versions): Line {
  const fix = 'braid install with the version that is wanted';
  if (!isInstalled)
    return bad({
      subject,
      found: 'is not there',
      cause: 'the runtime starts Braid from that path',
      fix: 'braid install',
    });
  if (installed === undefined)
    return bad({ subject, found: 'does not tell its version', cause: 'it is damaged, or for another machine', fix });
  if (installed === own) return ok(`is version ${own}, as this one`, subject);
  return warning({
    subject,
    found: `is version ${installed}, this one is ${own}`,
    cause: 'only one of them was updated; what is said here may not hold for pods',
    fix,
  });
}

function judgeAgent({ own, agent }: Versions): readonly Line[] {
  const subject = 'node agent';
  if (agent === 'none') return [ok('is not on this node; calls do without it', subject)];
  if ('problem' in agent)
    return [
      agent.problem === needsRoot
        ? skipped(needsRoot, 'sudo braid doctor', subject)
        : warning({
            subject,
            found: 'does not answer at its socket',
            cause: agent.problem === 'ECONNREFUSED' ? 'it ended, and its socket stayed' : agent.problem,
            fix: 'kubectl -n kube-system logs ds/braid; calls do without it',
          }),
    ];
  if (agent.version === own) return [ok(`is version ${own}, as this one`, subject)];
  return [
    warning({
      subject,
      found: `is ${agent.version === undefined ? 'older' : `version ${agent.version}`}, this one is ${own}`,
      cause: 'only one of them was updated',
      fix: 'kubectl -n kube-system rollout restart ds/braid, with the image of that version',
    }),
  ];
}

const staleAfter = 10 * 60 * 1000; // ms; an agent in step confirms it every 15 s

function judgeSnapshot({ snapshot, agent, now }: Versions): readonly Line[] {
  const subject = 'snapshot of networks';
  if (snapshot === undefined) return [];
  if (snapshot.problem === needsRoot) return [skipped(needsRoot, 'sudo braid doctor', subject)];
  if (snapshot.problem !== undefined)
    return [
      warning({
        subject,
        found: 'cannot be used',
        cause: snapshot.problem,
        fix: 'nothing: the agent writes a new one; until then the API server is asked',
      }),
    ];
  const age = now - snapshot.confirmed;
  if (agent !== 'none' && 'version' in agent && age > staleAfter)
    return [
      warning({
        subject,
        found: `was last confirmed ${Math.round(age / 60_000)} minutes ago`,
        cause: 'the agent does not reach the API server',
        fix: 'kubectl -n kube-system logs ds/braid',
      }),
    ];
  return [ok('has a format that this version reads', subject)];
}
