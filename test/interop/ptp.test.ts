/** ptp: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { ptpRows } from './rows/ptp';
import { twinFacts } from './twin-facts';

twinFacts(ptpRows);
