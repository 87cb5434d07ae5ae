import type { SlowReaders } from '../../wire/questions.ts';

/** What a write takes of the host's memory besides its bytes, roughly: a flood of empty messages must reach the limit too. */
export const WRITE_BYTES = 256;

/** What a script's slow readers have cost it. */
export interface SlowReaderCounts {
  /** Messages that were not sent, as too much waited. */
  messagesDropped: number;
  /** Sockets that were closed, as too much waited. */
  slowReadersClosed: number;
}

/** What may wait to be sent to a peer that does not read, and what is done when it is too much. */
export interface SendLimit {
  /** In bytes. A message for which nothing has to wait always goes. */
  readonly bytes: number;
  readonly policy: SlowReaders;
  readonly counts: SlowReaderCounts;
}

/** RFC 6455's registry: "Try Again Later". */
export const TRY_AGAIN_LATER = 1013;
export const READS_TOO_SLOWLY = 'Reads too slowly.';

/** Why such a socket fails. */
export function readsTooSlowly(bytes: number): string {
  return `the peer reads too slowly: more than ${bytes} bytes would wait to be sent`;
}

/** Whether this message is of one that has failed as more than so many bytes would wait. */
export function isReadTooSlowly(message: string, bytes: number): boolean {
  return message.endsWith(readsTooSlowly(bytes));
}
