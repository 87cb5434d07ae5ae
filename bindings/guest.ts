import { EVENTS, type EventTable, type EventType } from '../wire/events.ts';
import type { ItemOf, Primitive } from '../wire/fields.ts';
import type { GuestSettings } from '../wire/settings.ts';
import {
  beginTurn,
  command,
  connectBridge,
  currentOutbox,
  readBytes,
  type CellCallbacks,
} from './bridge.ts';
import { describeError, nameScript, reportException, sourceName } from './errors.ts';
import { globalEval, JSONParse, ObjectDefineProperty, ObjectFreeze, ObjectKeys } from './primordials.ts';
import { createConsole, print } from './script/console.ts';
import { constructEntity, createScriptObject, endScript, isStopping, preloadEntity } from './script/script.ts';
import { runTimers, timerFunctions } from './script/timers.ts';
import { script, setSettings } from './settings.ts';
import { Blob } from './web/blob.ts';
import { DOMException } from './web/dom-exception.ts';
import { Event, setTimeOrigin } from './web/event.ts';
import { EventTarget } from './web/event-target.ts';
import { CloseEvent, MessageEvent } from './web/websocket-events.ts';
import { serverById, serverInternals, WebSocketServer } from './websocket-server.ts';
import { settleSenders, socketById, socketInternals, WebSocket } from './websocket.ts';

/**
 * The entry of the bindings. Evaluated once, into the V8 snapshot; each isolate that starts from it calls `boot`, and
 * then `turn` for every batch of events.
 */

type EventFields<Type extends EventType> = Omit<ItemOf<EventTable, Type>, 'type' | 'data'>;

/** What each event brings about. An event without a handler does not compile. */
const handlers: {
  readonly [Type in Exclude<EventType, 'text' | 'binary'>]: (event: EventFields<Type>) => void;
} = {
  opened({ socket, protocol, extensions }) {
    const target = socketById(socket);
    if (target !== undefined) {
      socketInternals.opened(target, protocol, extensions);
    }
  },
  accepted({ server, socket, url, protocol, extensions }) {
    const accepted = socketInternals.accept(socket, url, protocol, extensions);
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.accepted(target, accepted);
    }
  },
  failed({ socket, error, message }) {
    const target = socketById(socket);
    if (target !== undefined) {
      socketInternals.failed(target, error, message);
    }
  },
  closed({ socket, code, reason, wasClean }) {
    const target = socketById(socket);
    if (target !== undefined) {
      socketInternals.closed(target, code, reason, wasClean);
    }
  },
  buffered({ socket, bytes }) {
    const target = socketById(socket);
    if (target !== undefined) {
      socketInternals.buffered(target, bytes);
    }
  },
  serverFailed({ server }) {
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.failed(target);
    }
  },
  timer() {
    runTimers(isStopping);
  },
  evaluate({ source }) {
    evaluate(source);
  },
  preload({ entityID }) {
    preloadEntity(entityID);
  },
  end() {
    endScript();
  },
};

interface CompiledHandler {
  readonly names: readonly string[];
  readonly handle: (event: Record<string, unknown>) => void;
}

const byCode: CompiledHandler[] = [];
for (const type of ObjectKeys(handlers) as (keyof typeof handlers)[]) {
  byCode[EVENTS[type].code] = {
    names: ObjectKeys(EVENTS[type].fields),
    handle: handlers[type] as CompiledHandler['handle'],
  };
}

/** Walks the events of a turn. The first two kinds are handled without making an object of the event. */
function dispatchEvents(values: readonly Primitive[]): void {
  let at = 0;
  while (at < values.length) {
    const code = values[at] as number;
    if (code === EVENTS.text.code) {
      const socket = socketById(values[at + 1] as number);
      const data = values[at + 2] as string;
      at += 3;
      if (socket !== undefined && !isStopping()) {
        socketInternals.text(socket, data);
      }
    } else if (code === EVENTS.binary.code) {
      const socket = socketById(values[at + 1] as number);
      const bytes = readBytes(values[at + 2] as number);
      at += 3;
      if (socket !== undefined && !isStopping()) {
        socketInternals.binary(socket, bytes);
      }
    } else {
      const { names, handle } = byCode[code] as CompiledHandler;
      const event: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index++) {
        event[names[index] as string] = values[at + 1 + index];
      }
      at += 1 + names.length;
      if (!isStopping() || code === EVENTS.end.code) {
        handle(event);
      }
    }
  }
}

/** Runs the source in the global scope. It is compiled here, inside the isolate, so that what it throws stays inside. */
function evaluate(source: string): void {
  try {
    const value = globalEval(`${source}\n//# sourceURL=${sourceName()}`) as unknown;
    if (script().entity) {
      constructEntity(value);
    }
    command('loaded', {});
  } catch (error) {
    command('loadFailed', describeError(error));
  }
}

function defineGlobal(name: string, value: unknown): void {
  ObjectDefineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

const guest = {
  /** Called once in each isolate, before any script runs. */
  boot(
    settings: string,
    name: string,
    encodedName: string,
    arena: SharedArrayBuffer,
    spill: CellCallbacks['spill'],
    refill: CellCallbacks['refill'],
    ask: CellCallbacks['ask'],
    parseURL: CellCallbacks['parseURL'],
  ): void {
    const parsed = JSONParse(settings) as GuestSettings;
    setSettings({ ...parsed, args: ObjectFreeze(parsed.args) });
    nameScript(name, encodedName);
    connectBridge(arena, { spill, refill, ask, parseURL }, {
      commands: parsed.commandsPerTurn,
      bytes: parsed.bytesPerTurn,
    });
    setTimeOrigin();
    // WebAssembly memory escapes the memory limit, and shared memory defeats validation.
    for (const unsafe of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) {
      delete (globalThis as Record<string, unknown>)[unsafe];
    }
    const globals: Record<string, unknown> = {
      Blob,
      CloseEvent,
      DOMException,
      Event,
      EventTarget,
      MessageEvent,
      Script: createScriptObject(),
      WebSocket,
      console: createConsole(),
      print,
      ...timerFunctions,
    };
    if (parsed.server) {
      globals.WebSocketServer = WebSocketServer;
    }
    for (const global of ObjectKeys(globals)) {
      defineGlobal(global, globals[global]);
    }
  },

  /** Runs a turn. The cell copies the result after the microtasks have run, so it holds what they did as well. */
  turn(values: readonly Primitive[]): Primitive[] {
    beginTurn();
    settleSenders();
    try {
      dispatchEvents(values);
    } catch (error) {
      reportException(error);
    }
    return currentOutbox();
  },

  /** The outbox of the last turn once more, where its own crossing was lost to a rejected promise. */
  collect(): Primitive[] {
    return currentOutbox();
  },

};

ObjectDefineProperty(globalThis, '__airlock', { value: guest, configurable: true });
export type Guest = typeof guest;
