const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

const NEWLINE = 0x0a;
/** UTF-8 has the controls from U+0080 to U+009F as this byte and their number. */
const C1_LEAD = 0xc2;

const DIGITS = Buffer.from('0123456789abcdef');
/** What an escape takes: `\x1b`. */
const ESCAPE_LENGTH = 4;

/**
 * A text for the operator's terminal, as UTF-8. A script must not steer that: control characters are shown, not sent.
 *
 * A script can print some millions of them at once, so they are written by hand: strings would take seconds.
 *
 * @param prefix what follows each line break
 */
export function visibleBytes(text: string, prefix = ''): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (!CONTROL.test(text) && (prefix === '' || !text.includes('\n'))) {
    return bytes;
  }
  const inserted = Buffer.from(prefix, 'utf8');
  const shown = Buffer.allocUnsafe(sizeOf(bytes, inserted.length));
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const control = controlAt(bytes, at);
    if (control === undefined) {
      shown[to++] = byte;
      if (byte === NEWLINE) {
        to += inserted.copy(shown, to);
      }
    } else {
      shown[to] = 0x5c;
      shown[to + 1] = 0x78;
      shown[to + 2] = DIGITS[control >> 4] as number;
      shown[to + 3] = DIGITS[control & 15] as number;
      to += ESCAPE_LENGTH;
      at += control < 0x80 ? 0 : 1;
    }
  }
  return shown.subarray(0, to);
}

/** The same as a string. */
export function visible(text: string): string {
  return CONTROL.test(text) ? visibleBytes(text).toString() : text;
}

function sizeOf(bytes: Buffer, inserted: number): number {
  let size = 0;
  for (let at = 0; at < bytes.length; at++) {
    size += controlAt(bytes, at) !== undefined ? ESCAPE_LENGTH : bytes[at] === NEWLINE ? 1 + inserted : 1;
  }
  return size;
}

/** The control character that begins here, other than a tab or a line break. */
function controlAt(bytes: Buffer, at: number): number | undefined {
  const byte = bytes[at] as number;
  if (byte === C1_LEAD) {
    const next = bytes[at + 1] as number;
    return next < 0xa0 ? next : undefined;
  }
  return (byte < 0x20 && byte !== 0x09 && byte !== NEWLINE) || byte === 0x7f ? byte : undefined;
}
