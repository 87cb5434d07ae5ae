import type { LimitName } from '../policy/limits.ts';
import { isMessageTooLarge, isTimeoutError } from '../sockets/socket-errors.ts';
import { isReadTooSlowly } from '../sockets/slow-readers.ts';

/** The limit that a connection has failed by, where it is one. */
export function failureLimit(error: number, message: string, isConnecting: boolean, bufferedBytes: number): LimitName | undefined {
  if (isTimeoutError(error) && isConnecting) {
    return 'handshakeTimeout';
  }
  if (isMessageTooLarge(message)) {
    return 'messageBytes';
  }
  // A server may have asked for less: that is not the script's limit.
  return isReadTooSlowly(message, bufferedBytes) ? 'bufferedBytes' : undefined;
}
