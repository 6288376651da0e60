/** vrf: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { vrfRows } from './rows/vrf';
import { twinFacts } from './twin-facts';

twinFacts(vrfRows);
