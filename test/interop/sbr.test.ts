/** sbr: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { sbrRows } from './rows/sbr';
import { twinFacts } from './twin-facts';

twinFacts(sbrRows);
