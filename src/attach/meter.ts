/** Notes how long the work on one network took, and how it ended. Acts through the meter. */
import { toCniError } from '../error';
import type { Meter } from './ports';

/** Does the work; what it throws is noted and passes. */
export async function metered<T>(meter: Meter, network: string, work: () => Promise<T>): Promise<T> {
  const end = meter.begin(network);
  try {
    const outcome = await work();
    end(undefined);
    return outcome;
  } catch (error) {
    end(toCniError(error).reason);
    throw error;
  }
}
