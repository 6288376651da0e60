/** Which PEM text of an access cannot be used, for when TLS does not even begin. Pure. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Access, Credentials } from './access';

/** What is wrong, without any of the text; `undefined` when nothing is. */
export function unusablePem(
  { ca, certificate, key }: Pick<Credentials, 'ca' | 'certificate' | 'key'>,
  access: Access,
): string | undefined {
  if (ca !== undefined && !works(() => new X509Certificate(ca))) return `${access.ca?.says} holds no certificate`;
  if (certificate === undefined || key === undefined) return undefined;
  if (!works(() => new X509Certificate(certificate))) return `${access.certificate?.says} holds no certificate`;
  if (!works(() => createPrivateKey(key))) return `${access.key?.says} holds no private key without a password`;
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
    ? undefined
    : `${access.key?.says} is not the key of its certificate`;
}

function works(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
