/** What `ws` is told about how much of one message it may hold. */
export interface ReceiverLimits {
  readonly maxPayload: number;
  readonly maxFragments: number;
}

/**
 * ws's own limit, 16,384 fragments whatever their message's size, refuses 4 MiB in fragments of 64 bytes, which RFC 6455
 * (5.4) permits and which suites send. A fragment costs ws about 130 bytes beside what it carries, so with this many
 * the cost of a message's fragments is that of a message.
 */
const BYTES_PER_FRAGMENT = 128;
const FEWEST_FRAGMENTS = 1024;

/** @param maxPayload the largest message that is received, in bytes */
export function receiverLimits(maxPayload: number): ReceiverLimits {
  return { maxPayload, maxFragments: Math.max(FEWEST_FRAGMENTS, Math.ceil(maxPayload / BYTES_PER_FRAGMENT)) };
}
