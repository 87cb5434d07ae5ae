import {
  HEADER_NAME,
  HEADER_VALUE,
  MOST_HANDSHAKE_HEADERS,
  MOST_HANDSHAKE_HEADER_LENGTH,
  isForbiddenHeader,
  isPermittableHeader,
  type PermittableHeader,
} from '../../wire/handshake-headers.ts';
import type { Permissions } from '../policy/permissions.ts';

/** As Node takes them: a name that is given twice has a list of values. */
export type HandshakeHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * A script's headers, checked again. Returns why they are malformed, where they are what the bindings do not let out;
 * throws ERR_AIRLOCK_HEADER_DENIED for one that needs a permission.
 *
 * @param flat name, value, name, value and so on
 * @param origin the `Origin` of a script that sets none itself
 */
export function handshakeHeaders(
  flat: readonly string[],
  permissions: Permissions,
  origin?: string,
): HandshakeHeaders | string {
  if (flat.length % 2 !== 0) {
    return 'a header without a value';
  }
  if (flat.length / 2 > MOST_HANDSHAKE_HEADERS) {
    return `${flat.length / 2} headers`;
  }
  if (flat.reduce((sum, text) => sum + text.length, 0) > MOST_HANDSHAKE_HEADER_LENGTH) {
    return `headers of more than ${MOST_HANDSHAKE_HEADER_LENGTH} characters`;
  }
  const byName = new Map<string, { readonly name: string; readonly values: string[] }>();
  let denied: PermittableHeader | undefined;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    const value = flat[index + 1] as string;
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
      return 'a header that is not one of HTTP';
    }
    const lowerCase = name.toLowerCase();
    if (isForbiddenHeader(lowerCase)) {
      return `the header ${lowerCase}`;
    }
    if (isPermittableHeader(lowerCase) && !permissions.header(lowerCase)) {
      denied ??= lowerCase;
    }
    const entry = byName.get(lowerCase);
    if (entry === undefined) {
      byName.set(lowerCase, { name, values: [value] });
    } else {
      entry.values.push(value);
    }
  }
  if (denied !== undefined) {
    permissions.checkHeader(denied);
  }
  if (origin !== undefined && !byName.has('origin')) {
    byName.set('origin', { name: 'Origin', values: [origin] });
  }
  return Object.fromEntries([...byName.values()].map(({ name, values }) => [name, joined(name, values)]));
}

/** RFC 6265, 5.4: a client sends one Cookie header; RFC 6454, 7.3: and one Origin. */
function joined(name: string, values: readonly string[]): string | readonly string[] {
  switch (name.toLowerCase()) {
    case 'cookie':
      return values.join('; ');
    case 'origin':
      return values.at(-1) as string;
    default:
      return values.length === 1 ? (values[0] as string) : values;
  }
}

/** RFC 6455, 4.1, step 10: subprotocols are tokens, and none is named twice. */
export function areSubprotocols(protocols: readonly string[]): boolean {
  return new Set(protocols).size === protocols.length && protocols.every((protocol) => HEADER_NAME.test(protocol));
}

/**
 * The origin that a browser would send for a page at this address: RFC 6454, section 7. Undefined for an address that is
 * not one of a server.
 */
export function originOf(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) {
    return undefined;
  }
  return `${url.protocol.replace('ws', 'http')}//${url.host}`;
}
