/** What a ptp network's configuration says. Pure. */
import { type MasqueradeBackend, parseMasqueradeBackend } from '../../src/attach/masquerade';
import { parseConfiguredDns } from '../../src/cni/dns';
import { ipamTypeOf } from '../../src/cni/network';
import type { Dns } from '../../src/cni/result';
import { boolean, int, record } from '../../src/json';

/** Keys of the reference plugin. */
export interface PtpConfig {
  readonly mtu: number | undefined; // bytes; undefined: the kernel's
  readonly ipMasq: boolean;
  readonly ipMasqBackend: MasqueradeBackend;
  readonly dns: Dns | undefined; // undefined: IPAM's
  readonly hasIpam: boolean;
}

/** Bytes only. */
export function parse(input: unknown): PtpConfig {
  const c = record(input);
  return {
    mtu: int(c.mtu ?? 0, 'mtu', 0, 65535) || undefined, // 0 on the wire means unset
    ipMasq: boolean(c.ipMasq, 'ipMasq'),
    ipMasqBackend: parseMasqueradeBackend(c),
    dns: parseConfiguredDns(c.dns),
    hasIpam: ipamTypeOf(c) !== undefined,
  };
}
