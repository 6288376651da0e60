/** Certificates for the servers of these tests, made by openssl once for each test file. Writes a temporary directory, gone afterwards. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: string;
  readonly server: Pair; // for 127.0.0.1, ::1 and kube.test
  readonly client: Pair; // of the user `client`
  readonly other: Pair; // an authority that signed none of them
}

/** Makes them; takes some 100 ms. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'braid-certificates-'));
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const pair = (name: string): Pair => ({
    cert: readFileSync(join(directory, `${name}.crt`), 'utf8'),
    key: readFileSync(join(directory, `${name}.key`), 'utf8'),
  });
  const authority = (name: string): Pair => {
    openssl(
      'req',
      '-x509',
      ...fresh,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
    return pair(name);
  };
  const signed = (name: string): Pair => {
    openssl('req', ...fresh, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, '-days', '2', '-extfile', 'names');
    return pair(name);
  };
  try {
    writeFileSync(join(directory, 'names'), 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:kube.test\n');
    return { ca: authority('ca').cert, server: signed('server'), client: signed('client'), other: authority('other') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
