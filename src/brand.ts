/** Nominal types: a branded value can only come from its own parser. Pure. */

declare const brand: unique symbol;

/** `T` that has passed the parser named `Name`. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
