/** What Node's Buffer has and its types leave out: no look-up of an encoding for each of a million short strings. */
interface Utf8Buffer {
  utf8Slice(start: number, end: number): string;
}

/** The string that these bytes are in UTF-8; what is none becomes U+FFFD. */
export function utf8Decode(buffer: Buffer, start: number, end: number): string {
  return (buffer as unknown as Utf8Buffer).utf8Slice(start, end);
}
