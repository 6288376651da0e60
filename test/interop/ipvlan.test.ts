/** ipvlan: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { ipvlanRows } from './rows/ipvlan';
import { twinFacts } from './twin-facts';

twinFacts(ipvlanRows);
