/** tuning: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { tuningRows } from './rows/tuning';
import { twinFacts } from './twin-facts';

twinFacts(tuningRows);
