/** src/kernel/encode.ts for the lean engine, which takes an eighth of a call's instructions for it. Pure. */
import { host } from './host';

/** As of src/kernel/encode.ts. */
export const encodeMessages = host.encodeMessages;
