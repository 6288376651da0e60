/** Foreign delegates that write down how they were called. Touches nothing. */
import type { Foreign, ForeignCall } from '../../src/attach/ports';
import { toArgs } from '../../src/cni/args';
import { fail } from '../../src/error';

/** One call, as the executable would see it. */
export interface ForeignSeen {
  readonly type: string;
  readonly command: ForeignCall['command'];
  readonly containerId: string;
  readonly netns: string;
  readonly ifName: string;
  readonly args: string; // CNI_ARGS
  readonly stdin: Readonly<Record<string, unknown>>;
}

/** What an executable prints: text, an object as JSON, or a thrown error. */
type Answer = string | Readonly<Record<string, unknown>> | Error;

/** The answer to every ADD of a type, or a function of the call. Other verbs print nothing, unless the function says so. */
type Answers = Readonly<Record<string, Answer | ((call: ForeignSeen) => Answer | undefined)>>;

/** Executables by type; a type without an answer is DelegateMissing. */
export function fakeForeign(answers: Answers = {}): Foreign & { readonly calls: readonly ForeignSeen[] } {
  const calls: ForeignSeen[] = [];
  return {
    calls,
    async run({ config, args, ...call }, meanwhile) {
      const seen = { ...call, args: toArgs(args), stdin: JSON.parse(config) as Readonly<Record<string, unknown>> };
      calls.push(seen);
      const given = answers[call.type] ?? fail('DelegateMissing', `Cannot find plugin "${call.type}" in /fake/bin`);
      await meanwhile?.();
      const answer =
        typeof given === 'function'
          ? given(seen)
          : call.command === 'ADD' || given instanceof Error
            ? given
            : undefined;
      if (answer instanceof Error) throw answer;
      return typeof answer === 'object' ? JSON.stringify(answer) : (answer ?? '');
    },
  };
}
