/** Braid's own version, put in when the executable is built. Reads nothing. */

/** Package version and commit, e.g. `0.1.0+g1bb19d6`; `development` outside a build. */
export const version: string = process.env.BRAID_VERSION ?? 'development';
