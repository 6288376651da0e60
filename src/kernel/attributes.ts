/** Where the attributes of a netlink message are (struct nlattr). Pure. */

const attributeHeader = 4; // u16 length with these, u16 type
const typeMask = 0x3fff; // NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER

/**
 * Type, start and end of each value after the first `skip` bytes, one after the other in one list; of those alone whose types are 1
 * in `only`. Throws RangeError when an attribute is cut off.
 */
export function locateAttributes(data: Uint8Array, skip: number, only?: Uint8Array): readonly number[] {
  const { length: end } = data; // asked once: it takes as long as the rest of a turn, and a link has sixty
  const found: number[] = [];
  for (let at = skip; at < end; ) {
    const length = (data[at] as number) | ((data[at + 1] as number) << 8); // u16 spelled out; what is not there counts as 0
    const type = ((data[at + 2] as number) | ((data[at + 3] as number) << 8)) & typeMask;
    if (length < attributeHeader || at + length > end)
      throw new RangeError(`Cannot read attribute ${type} of ${length} bytes: ${end - at} are left`);
    if (only === undefined || only[type] === 1) found.push(type, at + attributeHeader, at + length);
    at += (length + 3) & ~3;
  }
  return found;
}
