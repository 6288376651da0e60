/** The way back of an ADD: steps run newest first, each one tried. Acts only through the steps given. */
import { type CniError, toCniError } from '../error';

/** Steps that take back what was done; push each on the line after the act. */
export class Undo {
  readonly #steps: (() => Promise<unknown>)[] = [];

  /** Adds a step that takes back what was just done. A thing already gone must count as done. */
  push(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Runs every step, newest first; what fails is returned, not thrown. */
  async run(): Promise<readonly CniError[]> {
    const left: CniError[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        left.push(toCniError(error));
      }
    }
    return left;
  }
}
