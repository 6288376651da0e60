/** CNI_ARGS: the key=value pairs a runtime hands to every plugin. Pure. */
import { fail } from '../error';
import { shown } from '../json';

/** The pairs in their order; a key may repeat, the last one counts. */
export type CniArgs = readonly (readonly [key: string, value: string])[];

/** Parses `K=V;K=V` (CNI specification 1.1, "Parameters"). A value may hold `=`; empty pieces are dropped. */
export function parseArgs(text: string): CniArgs {
  return text
    .split(';')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=');
      if (equals < 1) return fail('EnvironmentInvalid', `Cannot use ${shown(piece)} in CNI_ARGS: need KEY=VALUE`);
      return [piece.slice(0, equals), piece.slice(equals + 1)] as const;
    });
}

/** The usable pairs alone: DEL must not fail for the others. */
export function parseArgsLeniently(text: string): CniArgs {
  return parseArgs(
    text
      .split(';')
      .filter((piece) => piece.indexOf('=') > 0)
      .join(';'),
  );
}

/** The value of a key; `undefined` when it is absent or empty. */
export function findArg(args: CniArgs, key: string): string | undefined {
  for (let at = args.length - 1; at >= 0; at--) if (args[at]?.[0] === key) return args[at]?.[1] || undefined;
  return undefined;
}

/** The pairs as CNI_ARGS text. */
export function toArgs(args: CniArgs): string {
  return args.map(([key, value]) => `${key}=${value}`).join(';');
}
