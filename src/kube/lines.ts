/** The lines of a body that comes in pieces, each as soon as it is whole. Reads the body only. */

/** Lines without their ends. Throws when one is longer than `most` bytes. */
export async function* linesOf(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end));
      start = end + 1;
      yield Buffer.concat(pieces).toString('utf8');
      pieces = [];
      length = 0;
    }
    if (start === chunk.length) continue;
    pieces.push(chunk.slice(start));
    length += chunk.length - start;
    if (length > most) throw new Error(`a line of more than ${most} bytes`);
  }
}
