/**
 * RFC 6455, section 5.3: changes the bytes from `start` to `end` by the mask; applied twice, it changes nothing. Returns
 * whether what is there now is ASCII.
 *
 * @param view of the whole buffer, by which four bytes are changed at a time, wherever they lie
 * @param mask for the first four bytes, in little-endian order
 */
export function applyMask(view: DataView, start: number, end: number, mask: number): boolean {
  let at = start;
  let seen = 0;
  for (const last = end - 3; at < last; at += 4) {
    const word = view.getInt32(at, true) ^ mask;
    view.setInt32(at, word, true);
    seen |= word;
  }
  for (let shift = 0; at < end; at++, shift += 8) {
    const byte = view.getUint8(at) ^ ((mask >>> shift) & 0xff);
    view.setUint8(at, byte);
    seen |= byte;
  }
  return (seen & 0x80808080) === 0;
}

export function isAsciiRange(view: DataView, start: number, end: number): boolean {
  let at = start;
  let seen = 0;
  for (const last = end - 3; at < last; at += 4) {
    seen |= view.getInt32(at, true);
  }
  for (; at < end; at++) {
    seen |= view.getUint8(at);
  }
  return (seen & 0x80808080) === 0;
}
