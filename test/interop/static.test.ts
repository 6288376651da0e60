/** static: the reference plugin and Braid do the same. Runs both, and the reference's bridge over Braid's IPAM, on nodes of its own. */
import { staticRows } from './rows/static';
import { twinFacts } from './twin-facts';

twinFacts(staticRows, 'mixed');
