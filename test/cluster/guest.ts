/** Where the test's cluster runs. Reads the environment. */

/** Whether this is a test guest: slower, and with all of a kernel to itself. */
export const isGuest = process.env.BRAID_GUEST !== undefined;

/** By how much waits are longer in a guest, whose processors are emulated. */
export const patience = isGuest ? 6 : 1;
