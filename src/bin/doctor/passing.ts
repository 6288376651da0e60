/** Searches the largest packet that a way carries. Pure: what passes is asked of the caller. */

const smallest = 576; // bytes: what every IPv4 host takes (RFC 791)

/** The largest size up to `wanted` that passes; `undefined` when not even a small one does, for then sizes are not the reason. */
export async function largestPassing(
  wanted: number,
  passes: (size: number) => Promise<boolean>,
): Promise<number | undefined> {
  if (await passes(wanted)) return wanted;
  if (wanted <= smallest || !(await passes(smallest))) return undefined;
  let low = smallest;
  let high = wanted;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
