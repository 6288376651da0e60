/** The keys of loopback. Data only. */
import { chained } from '../../src/cni/schema';

export const loopbackSchema = chained('loopback', "The pod's own lo.", {});
