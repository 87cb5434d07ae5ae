import { callScript } from '../boundary/callbacks.ts';
import { ArrayPrototypeSlice, TypeErrorConstructor, createList } from '../primordials.ts';

interface Connection {
  readonly receiver: unknown;
  readonly slot: (...args: unknown[]) => unknown;
}

export interface Signal {
  connect(receiverOrSlot: unknown, slot?: unknown): void;
  disconnect(receiverOrSlot: unknown, slot?: unknown): void;
}

/** A signal as scripts see it, and the function that emits it, which they do not. */
export interface SignalSource {
  readonly signal: Signal;
  readonly emit: (...args: unknown[]) => void;
}

/**
 * Overte's signals: `connect(fn)` or `connect(thisObject, fn)`. A connection that is already there is not made again.
 * An emission goes through the connections that there were when it began; one handler's exception is reported and the
 * others still run.
 *
 * @param name for the report of a promise that a handler returns
 */
export function createSignal(name: string): SignalSource {
  let connections = createList<Connection>();

  const signal: Signal = {
    connect(receiverOrSlot, slot) {
      const wanted = connectionOf(receiverOrSlot, slot, 'connect');
      for (let index = 0; index < connections.length; index++) {
        if (same(connections[index] as Connection, wanted)) {
          return;
        }
      }
      connections[connections.length] = wanted;
    },
    disconnect(receiverOrSlot, slot) {
      const unwanted = connectionOf(receiverOrSlot, slot, 'disconnect');
      const rest = createList<Connection>();
      for (let index = 0; index < connections.length; index++) {
        if (!same(connections[index] as Connection, unwanted)) {
          rest[rest.length] = connections[index] as Connection;
        }
      }
      connections = rest;
    },
  };

  const emit = (...args: unknown[]): void => {
    const snapshot = ArrayPrototypeSlice(connections);
    for (let index = 0; index < snapshot.length; index++) {
      const { receiver, slot } = snapshot[index] as Connection;
      callScript(slot, receiver, args, 'the handler of the signal', name);
    }
  };

  return { signal, emit };
}

function connectionOf(receiverOrSlot: unknown, slot: unknown, operation: string): Connection {
  const wanted = slot === undefined ? receiverOrSlot : slot;
  const receiver = slot === undefined ? undefined : receiverOrSlot;
  if (typeof wanted !== 'function') {
    throw new TypeErrorConstructor(`Function expected as argument to '${operation}'`);
  }
  return { receiver, slot: wanted as Connection['slot'] };
}

function same(left: Connection, right: Connection): boolean {
  return left.slot === right.slot && left.receiver === right.receiver;
}
