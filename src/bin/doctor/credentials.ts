/** With what the cluster's API is asked: whether it is there, who may read it, until when it is valid, and whether it is taken. Reads files; asks the API. */
import { X509Certificate } from 'node:crypto';
import { toCniError } from '../../error';
import { isRecord } from '../../json';
import { type Access, type Held, readAccess, readCredentials } from '../../kube/access';
import { bad, broken, isDenied, type Line, type Look, ok, skipped, warning } from './check';
import type { Inspection } from './inspection';

const day = 24 * 60 * 60 * 1000; // ms

/** Something that ends on its own. */
export interface Expiring {
  readonly subject: string;
  readonly kind: 'token' | 'certificate' | 'authority';
  /** Milliseconds since 1970; undefined: it does not say, or never. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  /** Whether it lies in a file that somebody may renew. */
  readonly isFile: boolean;
}

export async function checkCredentials(look: Look): Promise<readonly Line[]> {
  const { conf, edges, inspection, now, isRoot } = look;
  const { kubeconfig } = conf;
  if (kubeconfig === undefined) return [ok('no kubeconfig is configured')];
  const modes = [kubeconfig].flatMap((path) => judgeMode(path, inspection) ?? []);
  try {
    const access = await readAccess({ kubeconfig }, edges.files);
    modes.push(...secretPaths(access).flatMap((path) => judgeMode(path, inspection) ?? []));
    const { token, certificate, ca } = await readCredentials(access, edges.files);
    const expiring = [
      ...(token === undefined ? [] : [tokenLife(token, access.token)]),
      ...(certificate === undefined ? [] : [certificateLife(certificate, 'certificate', access.certificate)]),
      ...(ca === undefined ? [] : [certificateLife(ca, 'authority', access.ca)]),
    ];
    const insecure = access.insecure ? [notChecked(kubeconfig)] : [];
    const none = token === undefined && certificate === undefined ? [noCredential(kubeconfig)] : [];
    return [...modes, ...insecure, ...none, ...expiring.map((each) => judgeLife(each, now))];
  } catch (error) {
    return [...modes, broken(error, isRoot, kubeconfig)];
  }
}

const secretPaths = ({ token, key }: Access): readonly string[] =>
  [token, key].flatMap((held) => (held !== undefined && 'path' in held ? [held.path] : []));

/** A file with a secret is root's alone. */
function judgeMode(path: string, inspection: Pick<Inspection, 'file'>): Line | undefined {
  const file = inspection.file(path);
  if (file === undefined) return undefined;
  const mode = file.mode.toString(8).padStart(4, '0');
  if (file.uid === 0 && (file.mode & 0o077) === 0) return ok(`root's alone (mode ${mode})`, path);
  const writable = file.uid !== 0 || (file.mode & 0o022) !== 0;
  const trouble = {
    subject: path,
    found: `mode ${mode}, owner ${file.uid}: ${writable ? 'others may write it' : 'others may read it'}`,
    cause: 'who reads it can ask the API as Braid does; who writes it decides whom root asks',
    fix: `chown 0:0 ${path}; chmod 600 ${path}`,
  };
  return writable ? bad(trouble) : warning(trouble);
}

const notChecked = (path: string): Line =>
  warning({
    subject: path,
    found: "the API server's certificate is not checked",
    cause: 'insecure-skip-tls-verify is true',
    fix: 'name the certificate-authority instead',
  });

const noCredential = (path: string): Line =>
  warning({
    subject: path,
    found: 'has no credential',
    cause: 'neither a token nor a client certificate stands in it',
    fix: 'braid install writes one, or the DaemonSet',
  });

/** Pure: the life of a token: a JWT tells it (RFC 7519, 4.1.4), any other does not. */
export function tokenLife(token: string, held: Held | undefined): Expiring {
  const claims = claimsOf(token);
  const time = (value: unknown): number | undefined => (typeof value === 'number' ? value * 1000 : undefined);
  return {
    subject: held?.says ?? 'the token',
    kind: 'token',
    from: time(claims.nbf),
    until: time(claims.exp),
    isFile: held !== undefined && 'path' in held,
  };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return isRecord(claims) ? claims : {};
  } catch {
    return {};
  }
}

/** The life of the first certificate of a text. */
export function certificateLife(text: string, kind: 'certificate' | 'authority', held: Held | undefined): Expiring {
  const { validFrom, validTo } = new X509Certificate(text);
  const isFile = held !== undefined && 'path' in held;
  return {
    subject: held?.says ?? `the ${kind}`,
    kind,
    from: Date.parse(validFrom),
    until: Date.parse(validTo),
    isFile,
  };
}

/** Pure: whether it is valid now, and for how long. */
export function judgeLife({ subject, kind, from, until, isFile }: Expiring, now: number): Line {
  if (from !== undefined && now < from)
    return bad({
      subject,
      found: `is valid from ${date(from)} only`,
      cause: "this node's clock is behind",
      fix: 'set the clock: timedatectl',
    });
  if (until === undefined) return ok('does not expire', subject);
  const renew =
    kind === 'token'
      ? 'let the agent or the DaemonSet write a new one, or braid install with another kubeconfig'
      : "renew it with the cluster's own tool (kubeadm certs renew), and the kubeconfig with it";
  if (until <= now) return bad({ subject, found: `expired ${date(until)}`, cause: 'nobody renewed it', fix: renew });
  const left = until - now;
  const soon = kind === 'token' ? (isFile ? 0 : day) : 14 * day;
  const shown = left < 2 * day ? `${Math.round(left / 3_600_000)} hours` : `${Math.floor(left / day)} days`;
  if (left < soon)
    return warning({ subject, found: `expires in ${shown}`, cause: `it ends ${date(until)}`, fix: renew });
  return ok(`valid for ${shown}`, subject);
}

const date = (time: number): string => new Date(time).toISOString();

/** A pod that no cluster has: the answer "not found" shows that the credential and the way are good. */
export async function checkCluster({ edges, conf, isRoot }: Look): Promise<readonly Line[]> {
  const { kubeconfig } = conf;
  if (kubeconfig === undefined) return [ok('no kubeconfig is configured: the cluster is not asked')];
  try {
    await edges.cluster.findPod('kube-system', 'braid-doctor-asks', undefined);
    return [ok('the API server answers', kubeconfig)];
  } catch (error) {
    if (!isRoot && isDenied(error)) return [skipped('needs root', 'sudo braid doctor', kubeconfig)];
    const { problem, hint } = toCniError(error);
    return [bad({ subject: kubeconfig, found: 'the API server cannot be asked', cause: problem, fix: hint })];
  }
}
