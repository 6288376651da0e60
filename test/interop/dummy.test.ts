/** dummy: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { dummyRows } from './rows/dummy';
import { twinFacts } from './twin-facts';

twinFacts(dummyRows);
