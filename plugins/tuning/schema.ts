/** The keys of tuning. Data only. */
import { chained } from '../../src/cni/schema';
import { macAddress } from '../../src/net/schema';
import { flag, integer, text } from '../../src/schema';

const most = 2 ** 31 - 1;

export const tuningSchema = chained('tuning', 'Settings of the link that the plugin before made.', {
  sysctl: {
    type: 'object',
    description: 'Values by key, below net. IFNAME stands for the interface.',
    additionalProperties: { type: 'string' },
    examples: [{ 'net.ipv4.conf.IFNAME.arp_filter': '1' }],
  },
  mac: macAddress('MAC address.'),
  promisc: flag('The link is promiscuous.'),
  mtu: integer(0, most, 'Bytes. 0 or none: left as it is.'),
  allmulti: { type: 'boolean', description: 'The link takes all multicast frames. None: left as it is.' },
  txQLen: integer(0, most, 'Packets that may wait.'),
  dataDir: text('Where what was there before is kept. Default: /run/cni/tuning.', {
    pattern: '^/(run|var/run|var/lib)/cni(/(?!\\.{1,2}(/|$))[^/]+)*$',
  }),
});
