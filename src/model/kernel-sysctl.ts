/** /proc/sys/net of a namespace of the fake kernel: the keys delegates touch, with a new namespace's defaults. Touches only its own map. */

const ipv4Link: Readonly<Record<string, string>> = {
  accept_local: '0',
  accept_redirects: '1',
  accept_source_route: '0',
  arp_accept: '0',
  arp_announce: '0',
  arp_filter: '0',
  arp_ignore: '0',
  arp_notify: '0',
  forwarding: '0',
  log_martians: '0',
  promote_secondaries: '0',
  proxy_arp: '0',
  route_localnet: '0',
  rp_filter: '0',
  secure_redirects: '1',
  send_redirects: '1',
};

const ipv6Link: Readonly<Record<string, string>> = {
  accept_dad: '1',
  accept_ra: '1',
  accept_redirects: '1',
  addr_gen_mode: '0',
  autoconf: '1',
  dad_transmits: '1',
  disable_ipv6: '0',
  enhanced_dad: '1',
  forwarding: '0',
  keep_addr_on_down: '0',
  ndisc_notify: '0',
  proxy_ndp: '0',
  ra_defrtr_metric: '1024',
};

const general: Readonly<Record<string, string>> = {
  'net/core/somaxconn': '4096',
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_local_port_range': '32768\t60999',
  'net/ipv4/ip_unprivileged_port_start': '1024',
  'net/ipv4/ping_group_range': '1\t0',
  'net/ipv4/tcp_keepalive_time': '7200',
};

/** The sysctls of one namespace. A link's keys are there while the link is. */
export class FakeSysctls {
  readonly #values = new Map<string, string>(Object.entries(general));
  readonly #ipv6: boolean;

  constructor(ipv6: boolean) {
    this.#ipv6 = ipv6;
    this.addLink('all');
    this.addLink('default');
  }

  /** The keys of a new link, with the values of `default`. */
  addLink(name: string): void {
    for (const [key, value] of Object.entries(ipv4Link))
      this.#values.set(`net/ipv4/conf/${name}/${key}`, this.#values.get(`net/ipv4/conf/default/${key}`) ?? value);
    if (!this.#ipv6) return;
    for (const [key, value] of Object.entries(ipv6Link))
      this.#values.set(`net/ipv6/conf/${name}/${key}`, this.#values.get(`net/ipv6/conf/default/${key}`) ?? value);
  }

  deleteLink(name: string): void {
    for (const key of this.#values.keys())
      if (/^net\/ipv[46]\/conf\/([^/]+)\//.exec(key)?.[1] === name) this.#values.delete(key);
  }

  renameLink(from: string, to: string): void {
    for (const [key, value] of [...this.#values]) {
      const match = /^(net\/ipv[46]\/conf)\/([^/]+)\/(.*)$/.exec(key);
      if (match?.[2] !== from) continue;
      this.#values.delete(key);
      this.#values.set(`${match[1]}/${to}/${match[3]}`, value);
    }
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Sets a key, and those that the kernel changes with it. False when there is no such key. */
  set(key: string, value: string): boolean {
    if (!this.#values.has(key)) return false;
    this.#values.set(key, value);
    if (key === 'net/ipv4/ip_forward') this.#setAll('net/ipv4/conf', 'forwarding', value);
    if (key === 'net/ipv4/conf/all/forwarding') {
      this.#values.set('net/ipv4/ip_forward', value);
      this.#setAll('net/ipv4/conf', 'forwarding', value);
    }
    if (key === 'net/ipv6/conf/all/forwarding') this.#setAll('net/ipv6/conf', 'forwarding', value);
    if (key === 'net/ipv6/conf/all/disable_ipv6') this.#setAll('net/ipv6/conf', 'disable_ipv6', value);
    return true;
  }

  /** A key that this kernel has, beyond the built-in ones. */
  define(key: string, value: string): void {
    this.#values.set(key, value);
  }

  #setAll(base: string, name: string, value: string): void {
    for (const key of this.#values.keys())
      if (key.startsWith(`${base}/`) && key.endsWith(`/${name}`)) this.#values.set(key, value);
  }
}
