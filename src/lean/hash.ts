/** The hashes of Bun that a call uses, for the lean engine. Pure. */
import { host } from './host';

/** Bun.CryptoHasher, as far as it is used: one text in, all of its hash out. */
export class CryptoHasher {
  #text = '';

  constructor(readonly algorithm: 'sha256' | 'sha512') {}

  update(text: string): this {
    this.#text = text;
    return this;
  }

  digest(encoding?: 'hex'): Buffer | string {
    const bytes = Buffer.from(host.digest(this.algorithm === 'sha512', Buffer.from(this.#text)));
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
}
