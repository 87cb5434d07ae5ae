/**
 * Gives the memory of bytes back that nobody reads any more, where they are the whole of their ArrayBuffer; they have no
 * length afterwards.
 *
 * Memory outside of the heap has V8 collect all of the heap, long before it is full of objects. What is read and written at a
 * million messages a second would have it do so without end.
 */
export function releaseBytes(bytes: Uint8Array | Float64Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0 && bytes.byteLength === buffer.byteLength) {
    buffer.transfer(0);
  }
}
