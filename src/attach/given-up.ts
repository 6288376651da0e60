/** Foreign delegates that are gone for good: what they held counts as taken back. Acts through the delegates given. */
import { CniError } from '../error';
import type { Foreign } from './ports';

/** The same delegates, but DEL of one of these types succeeds when its executable is not installed any more. */
export function givingUp(foreign: Foreign, types: readonly string[]): Foreign {
  return {
    async run(call) {
      try {
        return await foreign.run(call);
      } catch (error) {
        const isGone = error instanceof CniError && error.reason === 'DelegateMissing';
        if (isGone && call.command === 'DEL' && types.includes(call.type)) return '';
        throw error;
      }
    },
  };
}
