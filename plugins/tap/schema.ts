/** The keys of tap. Data only. */
import { mtu } from '../../src/attach/schema';
import { dns, plugin } from '../../src/cni/schema';
import { ifName, macAddress } from '../../src/net/schema';
import { flag, integer, text } from '../../src/schema';

const mostId = 2 ** 32 - 2;

export const tapSchema = plugin('tap', 'A tap device in the pod.', {
  multiQueue: flag('The device has several queues.'),
  mtu: mtu("the kernel's"),
  owner: integer(0, mostId, 'User id that may open it.'),
  group: integer(0, mostId, 'Group id that may open it.'),
  bridge: ifName('Bridge of the pod whose port it becomes.'),
  selinuxContext: text('Refused on a node that enforces SELinux.'),
  mac: macAddress('MAC address. Default: one of the kernel’s choice.'),
  dns,
});
