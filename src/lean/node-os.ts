/** The part of node:os that a call uses, for the lean engine. Asks the kernel. */
import { host } from './host';

export const hostname = (): string => host.hostname();
