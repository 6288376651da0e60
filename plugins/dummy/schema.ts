/** The keys of dummy. Data only. */
import { plugin } from '../../src/cni/schema';

export const dummySchema = plugin(
  'dummy',
  'A link that leads nowhere, for addresses that are to be there. Needs ipam.',
  {},
);
