/** A text with a slash in it as the name of one file. Pure. */
import { fingerprint } from '../net/hash';

const longest = 200; // bytes; a file's name may have 255, and temporary ones are longer

/** The text itself, escaped, so that people can read it; where that is too long, its fingerprint. Never two texts' one name. */
export function fileNameOf(text: string): string {
  const name = text.includes('/') && text.isWellFormed() ? encodeURIComponent(text) : ''; // what has no slash could look like a fingerprint
  return name !== '' && name.length <= longest ? name : fingerprint(32, text);
}
