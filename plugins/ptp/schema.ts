/** The keys of ptp. Data only. */
import { ipMasqBackend, mtu } from '../../src/attach/schema';
import { dns, plugin } from '../../src/cni/schema';
import { flag } from '../../src/schema';

export const ptpSchema = plugin('ptp', 'A pair of links between the pod and the node, which routes.', {
  mtu: mtu("the kernel's"),
  ipMasq: flag('What leaves the pod gets an address of the node.'),
  ipMasqBackend,
  dns,
});
