/** loopback: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { loopbackRows } from './rows/loopback';
import { twinFacts } from './twin-facts';

twinFacts(loopbackRows);
