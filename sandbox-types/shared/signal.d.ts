/**
 * Overte's signals: functions that are called when something happens.
 *
 * A connection that is there already is not made again. Functions that are connected or disconnected while the signal is
 * given out make no difference to that call of it. An exception of one is reported as an uncaught error of the script,
 * and the others still run.
 */
interface Signal<Arguments extends unknown[] = []> {
  /** @throws TypeError where it is not a function */
  connect(slot: (...args: Arguments) => unknown): void;
  /** Calls `slot` with `receiver` as its `this`. */
  connect<Receiver>(receiver: Receiver, slot: (this: Receiver, ...args: Arguments) => unknown): void;

  /** Takes back `connect(slot)`. What is not connected is ignored. */
  disconnect(slot: (...args: Arguments) => unknown): void;
  /** Takes back `connect(receiver, slot)`. */
  disconnect<Receiver>(receiver: Receiver, slot: (this: Receiver, ...args: Arguments) => unknown): void;
}
