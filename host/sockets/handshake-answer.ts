import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { extensionProblem } from './handshake-extensions.ts';
import { SocketFault } from './socket-errors.ts';

/** Why an answer that does not switch protocols is a failure. No redirect is followed: WebSockets Standard, 2.2. */
export function unexpectedAnswer({ statusCode = 0, headers, httpVersion }: IncomingMessage): SocketFault {
  if (statusCode === 101) {
    // The parser takes only an answer with both headers for an upgrade.
    const missing = headers.upgrade === undefined ? 'Upgrade' : 'Connection';
    return new SocketFault('UnknownSocketError', `the server's answer lacks the ${missing} header of an upgrade (HTTP/${httpVersion})`);
  }
  // Not the server's own words, which may be anything.
  const phrase = STATUS_CODES[statusCode];
  const status = phrase === undefined ? String(statusCode) : `${statusCode} ${phrase}`;
  const redirect = statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
  return new SocketFault(
    'ConnectionRefusedError',
    `the server answered with ${status} instead of 101${redirect ? '; a redirect is not followed' : ''}`,
  );
}

/** What ws does not check of an answer that switches protocols. RFC 6455, 4.1, on the server's response. */
export function upgradeProblem(
  { headers, httpVersion, rawHeaders, statusCode }: IncomingMessage,
  offersDeflate: boolean,
): SocketFault | undefined {
  const problem = (message: string): SocketFault => new SocketFault('UnknownSocketError', message);
  // RFC 9110, 15.2: HTTP/1.0 has no interim answers, 101 among them.
  if (httpVersion !== '1.1') {
    return problem(`the server answered in HTTP/${httpVersion}; an upgrade needs HTTP/1.1`);
  }
  // Step 1.
  if (statusCode !== 101) {
    return new SocketFault('ConnectionRefusedError', `the server answered with ${statusCode} instead of 101`);
  }
  // Step 3.
  const tokens = (headers.connection ?? '').toLowerCase().split(',');
  if (!tokens.some((token) => token.trim() === 'upgrade')) {
    return problem('Invalid Connection header');
  }
  // Section 11.3: these two appear only once in a response, and Node joins them where they appear more often.
  for (const name of ['sec-websocket-accept', 'sec-websocket-protocol']) {
    if (rawHeaders.filter((each, index) => index % 2 === 0 && each.toLowerCase() === name).length > 1) {
      return problem(`the server's answer has more than one ${name} header`);
    }
  }
  // Step 5. What was not offered at all, ws refuses.
  const extensions = headers['sec-websocket-extensions'];
  const wrong = offersDeflate && extensions !== undefined ? extensionProblem(extensions) : undefined;
  return wrong === undefined ? undefined : problem(wrong);
}
