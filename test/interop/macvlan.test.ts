/** macvlan: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { macvlanRows } from './rows/macvlan';
import { twinFacts } from './twin-facts';

twinFacts(macvlanRows);
