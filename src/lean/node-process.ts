/** The module process of node, for packages in the lean engine. Gives the global one. */
export const env = globalThis.process.env;
