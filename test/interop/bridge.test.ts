/** bridge: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { bridgeRows } from './rows/bridge';
import { twinFacts } from './twin-facts';

twinFacts(bridgeRows);
