/** RFC 7692, section 7.1, on offers of permessage-deflate and the answers to them, which ws takes more than it may of. */

const NAME = 'permessage-deflate';

/** RFC 9110, section 5.6.2. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const EXTENSION = new RegExp(`^[ \\t]*(${TOKEN})[ \\t]*((?:;[ \\t]*${TOKEN}(?:=(?:${TOKEN}|"${TOKEN}"))?[ \\t]*)*)$`);

/** Sections 7.1.2.1 and 7.1.2.2: a decimal number from 8 to 15, without leading zeros. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** What values each parameter may have; undefined where it has none. */
const PARAMETERS: ReadonlyMap<string, RegExp | undefined> = new Map([
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
  ['server_max_window_bits', WINDOW_BITS],
  ['client_max_window_bits', WINDOW_BITS],
]);

/** What is wrong with the server's `Sec-WebSocket-Extensions`, where permessage-deflate was offered. */
export function extensionProblem(header: string): string | undefined {
  let isAccepted = false;
  for (const part of header.split(',')) {
    const [, name, parameters = ''] = EXTENSION.exec(part) ?? [];
    if (name === undefined) {
      return 'Invalid Sec-WebSocket-Extensions header';
    }
    if (name !== NAME) {
      return 'Server indicated an extension that was not requested';
    }
    if (isAccepted) {
      return `the server accepted ${NAME} more than once`;
    }
    isAccepted = true;
    const problem = parameterProblem(parameters.split(';').slice(1));
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

/** Section 7.1: an unknown name, a value that a parameter cannot have, or a name that comes twice. */
function parameterProblem(parameters: readonly string[]): string | undefined {
  const names = new Set<string>();
  for (const parameter of parameters) {
    const [name = '', quoted] = parameter.trim().split('=');
    if (!PARAMETERS.has(name)) {
      return `the server answered ${NAME} with an unknown parameter`;
    }
    if (names.has(name)) {
      return `the server answered ${NAME} with ${name} more than once`;
    }
    names.add(name);
    const values = PARAMETERS.get(name);
    const value = quoted?.replaceAll('"', '');
    if (values === undefined ? value !== undefined : !values.test(value ?? '')) {
      return `the server answered ${NAME} with a value that ${name} cannot have`;
    }
  }
  return undefined;
}

export interface DeflateOffer {
  /** The offer alone, as it stands in the header. */
  readonly text: string;
  /** The largest window that the client reads, as a power of 2. */
  readonly serverWindowBits: number | undefined;
}

/**
 * The first of a client's offers that may be accepted. Section 7: one that is not well-formed is declined.
 *
 * @param leastWindowBits the smallest window that can be served
 */
export function deflateOffer(header: string, leastWindowBits: number): DeflateOffer | undefined {
  for (const part of header.split(',')) {
    const [text, name, given = ''] = EXTENSION.exec(part.trim()) ?? [];
    const parameters = given.split(';').slice(1).map((each) => each.trim());
    // Section 7.1.2.2: in an offer it may be without a value, which says only that the client knows it.
    const answerLike = parameters.filter((each) => each !== 'client_max_window_bits');
    const isRepeated = answerLike.length < parameters.length - 1 || (answerLike.length < parameters.length && /client_max_window_bits=/.test(given));
    if (text !== undefined && name === NAME && !isRepeated && parameterProblem(answerLike) === undefined) {
      const bits = /server_max_window_bits="?(\d+)/.exec(given)?.[1];
      if (bits === undefined || Number(bits) >= leastWindowBits) {
        return { text, serverWindowBits: bits === undefined ? undefined : Number(bits) };
      }
    }
  }
  return undefined;
}
