/** tap: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { tapRows } from './rows/tap';
import { twinFacts } from './twin-facts';

twinFacts(tapRows);
