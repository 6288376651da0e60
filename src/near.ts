/** Likely misspellings: which known word a text is a near miss of. Pure. */

/**
 * The word that `text` probably means: equal but for case, `-` and `_`, or one edit away (two from five letters on;
 * swapped neighbours are one edit); the nearest one counts. `undefined` when there is none. An exact match is the caller's to see first.
 */
export function findNearMiss(text: string, words: readonly string[]): string | undefined {
  const plain = letters(text);
  let nearest: { readonly word: string; readonly away: number } | undefined;
  for (const word of words) {
    const wanted = letters(word);
    const allowed = wanted.length < 5 ? 1 : 2;
    if (Math.abs(plain.length - wanted.length) > allowed) continue;
    const away = distance(plain, wanted);
    if (away <= allowed && away < (nearest?.away ?? 3)) nearest = { word, away };
  }
  return nearest?.word;
}

function letters(text: string): string {
  return text.slice(0, 64).toLowerCase().replace(/[-_]/g, '');
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const steps = [(above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + same];
      if (swapped) steps.push((before[column - 2] ?? 0) + 1);
      current.push(Math.min(...steps));
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}
