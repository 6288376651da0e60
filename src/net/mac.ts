/** Ethernet addresses. Pure. */
import type { Brand } from '../brand';
import { fail, type Reason } from '../error';
import { shown } from '../json';

/** An Ethernet address of 6 bytes in lower-case colon form, e.g. `02:00:00:00:00:01`. */
export type Mac = Brand<string, 'Mac'>;

/** Parses `aa:bb:cc:dd:ee:ff`, `aa-bb-…` or `aabb.ccdd.eeff` in any case. */
export function mac(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): Mac {
  if (typeof value === 'string') {
    const text = value.toLowerCase();
    if (/^[\da-f]{2}(:[\da-f]{2}){5}$/.test(text)) return text as Mac;
    if (/^[\da-f]{2}(-[\da-f]{2}){5}$/.test(text)) return text.replaceAll('-', ':') as Mac;
    if (/^[\da-f]{4}(\.[\da-f]{4}){2}$/.test(text)) return text.replaceAll('.', '').replace(/..(?=.)/g, '$&:') as Mac;
  }
  return fail(reason, `Cannot use ${shown(value)} as ${field}: need a MAC address of 6 bytes, like 02:00:00:00:00:01`);
}

/** The 6 bytes of the address. */
export function macBytes(address: Mac): Buffer {
  return Buffer.from(address.replaceAll(':', ''), 'hex');
}

/** The address with the given 6 bytes. */
export function macFrom(bytes: Uint8Array): Mac {
  const hex = Buffer.from(bytes).toString('hex');
  let text = hex.slice(0, 2);
  for (let at = 2; at < hex.length; at += 2) text += `:${hex.slice(at, at + 2)}`;
  return text as Mac;
}

/** A locally administered address, the same for the same parts. */
export function derivedMac(...parts: readonly string[]): Mac {
  const digest = new Bun.CryptoHasher('sha256').update(parts.join('\0')).digest();
  return macFrom(Uint8Array.from([0x02, ...digest.subarray(0, 5)]));
}
