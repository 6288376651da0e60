/** host-local: the reference plugin and Braid do the same. Runs both, and the reference's bridge over Braid's IPAM, on nodes of its own. */
import { hostLocalRows } from './rows/host-local';
import { twinFacts } from './twin-facts';

twinFacts(hostLocalRows, 'mixed');
