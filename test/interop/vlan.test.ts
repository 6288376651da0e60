/** vlan: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { vlanRows } from './rows/vlan';
import { twinFacts } from './twin-facts';

twinFacts(vlanRows);
