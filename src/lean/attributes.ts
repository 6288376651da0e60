/** src/kernel/attributes.ts for the lean engine, which takes a sixth of a call's time for it. Pure. */
import { host } from './host';

/** As of src/kernel/attributes.ts. */
export const locateAttributes = host.locateAttributes;
