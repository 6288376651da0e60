/** What a refused call throws: a reason of the catalogue, and words of its message. */
import { expect } from 'vitest';
import type { Reason } from '../src/error';

/** For `toThrow`: an error of that reason whose message has all those texts in it. */
export function failing(reason: Reason, ...texts: readonly string[]): Error {
  const message = texts.map((text) => `(?=[\\s\\S]*${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')})`).join('');
  return expect.objectContaining({ reason, message: expect.stringMatching(new RegExp(`^${message}`)) });
}
