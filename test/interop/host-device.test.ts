/** host-device: the reference plugin and Braid do the same. Runs both on nodes of its own. */
import { hostDeviceRows } from './rows/host-device';
import { twinFacts } from './twin-facts';

twinFacts(hostDeviceRows);
