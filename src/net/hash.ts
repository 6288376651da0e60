/** Fingerprints as the reference plugins make them, so that each finds what the other made. Pure. */

/** The prefix, then the lower-case hexadecimal SHA-512 of the text; all cut to `length` characters (pkg/utils/utils.go). */
export function fingerprint(length: number, text: string, prefix = ''): string {
  return `${prefix}${new Bun.CryptoHasher('sha512').update(text).digest('hex')}`.slice(0, length);
}
