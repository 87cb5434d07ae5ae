import { EVENTS, type EventTable, type EventType } from '../wire/events.ts';
import type { FieldType, ItemOf } from '../wire/fields.ts';
import type { ThrownCopy } from '../wire/programs.ts';
import type { GuestSettings } from '../wire/settings.ts';
import {
  beginTurn,
  connectBridge,
  currentOutbox,
  ownCommand,
  tellEventsLeft,
  type CellCallbacks,
} from './bridge.ts';
import { beginLineCopies, connectServices, type CellServices } from './cell-services.ts';
import { connectionById } from './connections.ts';
import { beginCallback, endCallback, resetCallbacks } from './boundary/callbacks.ts';
import { connectPrograms, originalOf, runProgram, type ProgramCallbacks } from './boundary/programs.ts';
import { beginSlice, isSliceOver } from './boundary/slice.ts';
import { beginRemembering, endRemembering, guardStackTraces } from './boundary/thrown-errors.ts';
import { describeError, nameScript, reportException, reportRejection, sourceName } from './errors.ts';
import { tellHeldEvents } from './held-events.ts';
import {
  JSONParse,
  ObjectCreate,
  ObjectDefineProperty,
  ObjectFreeze,
  ObjectKeys,
  createList,
  takeLateBuiltIns,
} from './primordials.ts';
import { limitResizableBuffers } from './resizable-buffers.ts';
import { rememberSource } from './script/sources.ts';
import { createConsole, print } from './script/console.ts';
import { constructEntity, createScriptObject, endScript, isStopping, preloadEntity } from './script/script.ts';
import { beginTimerTurn } from './script/timer-clock.ts';
import { runTimers, timerFunctions } from './script/timers.ts';
import { script, setSettings } from './settings.ts';
import { beginEventTurn, Event, inheritIsTrusted, setTimeOrigin } from './web/event.ts';
import { EventTarget } from './web/event-target.ts';
import { startGlobalScope } from './web/global-scope.ts';
import { webGlobals } from './web/globals.ts';
import { startPerformance } from './web/performance.ts';
import { markAsHandled, rejected } from './web/promises.ts';
import { CloseEvent, MessageEvent } from './web/websocket-events.ts';
import { beginInput, readBytes, readNumber, readString } from './turn-input.ts';
import { requestInternals, takeRequest } from './server-request.ts';
import { requestGone } from './websocket-server-requests.ts';
import { serverById, serverInternals, WebSocketServer } from './websocket-server.ts';
import { acceptWebSocket, ServerWebSocket } from './server-websocket.ts';
import { beginDeliveries, joinServer, leaveServer } from './topics.ts';
import { settleSenders } from './websocket-connection.ts';
import { WebSocketError } from './websocket-error.ts';
import { WebSocketStream } from './websocket-stream.ts';
import { WebSocket } from './websocket.ts';

/**
 * The entry of the bindings. Evaluated once, into the V8 snapshot; each isolate that starts from it calls `boot`, and
 * then `turn` for every batch of events.
 */

type EventFields<Type extends EventType> = {
  readonly [Field in keyof Omit<ItemOf<EventTable, Type>, 'type'>]: ItemOf<EventTable, Type>[Field] extends Uint8Array
    ? Uint8Array<ArrayBuffer>
    : ItemOf<EventTable, Type>[Field];
};

/** What each event brings about. An event without a handler does not compile. */
const handlers: {
  readonly [Type in Exclude<EventType, 'text' | 'binary'>]: (event: EventFields<Type>) => void;
} = {
  closing({ socket }) {
    connectionById(socket)?.closingStarted();
  },
  opened({ socket, protocol, extensions }) {
    connectionById(socket)?.opened(protocol, extensions);
  },
  accepted({ server, socket, request, url, protocol, extensions, ...rest }) {
    const asked = takeRequest(request);
    const paused = asked !== undefined && requestInternals.isAcceptedPaused(asked);
    const accepted = acceptWebSocket(socket, url, protocol, extensions, paused, { server, request: asked, ...rest });
    joinServer(server, socket);
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.accepted(target, accepted);
    }
  },
  failed({ socket, error, message }) {
    connectionById(socket)?.failed(error, message);
  },
  closed({ socket, code, reason, wasClean }) {
    leaveServer(socket);
    connectionById(socket)?.closed(code, reason, wasClean);
  },
  buffered({ socket, bytes }) {
    connectionById(socket)?.buffered(bytes);
  },
  drained({ socket }) {
    connectionById(socket)?.drained();
  },
  listening({ server }) {
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.opened(target);
    }
  },
  serverFailed({ server, code, message }) {
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.failed(target, code, message);
    }
  },
  serverClosed({ server }) {
    const target = serverById(server);
    if (target !== undefined) {
      serverInternals.closed(target);
    }
  },
  upgradeRequested(event) {
    const target = serverById(event.server);
    if (target !== undefined) {
      serverInternals.requests(target)?.upgrade(target, event);
    }
  },
  plainRequested(event) {
    const target = serverById(event.server);
    if (target !== undefined) {
      serverInternals.requests(target)?.plain(target, event);
    }
  },
  requestGone({ request }) {
    requestGone(request);
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
  ping({ socket, data }) {
    connectionById(socket)?.control('ping', data);
  },
  pong({ socket, data }) {
    connectionById(socket)?.control('pong', data);
  },
};

interface CompiledHandler {
  readonly names: readonly string[];
  readonly types: readonly FieldType[];
  readonly handle: (event: Record<string, unknown>) => void;
}

const byCode: CompiledHandler[] = [];
for (const type of ObjectKeys(handlers) as (keyof typeof handlers)[]) {
  const { code, fields } = EVENTS[type];
  byCode[code] = {
    names: ObjectKeys(fields),
    types: Object.values(fields),
    handle: handlers[type] as CompiledHandler['handle'],
  };
}

/** Whether the cell was told of one event more than there are, as events that a pause had held were left. */
let isOneMore = false;

const mayTell = (): boolean => !isStopping() && !isSliceOver();

/**
 * Walks events of a turn until its slice is over, at least one. One that goes wrong does not take the others with it.
 *
 * @returns how many are left
 */
function dispatchEvents(count: number): number {
  let left = isOneMore ? count - 1 : count;
  isOneMore = false;
  let areHeldLeft = tellHeldEvents(mayTell);
  while (left > 0) {
    try {
      dispatchEvent();
    } catch (error) {
      reportException(error);
    }
    left--;
    areHeldLeft = tellHeldEvents(mayTell);
    if (isSliceOver()) {
      break;
    }
  }
  isOneMore = areHeldLeft && !isStopping();
  return isOneMore ? left + 1 : left;
}

/** Reads an event, all of it, and then handles it. The first two kinds are handled without making an object of the event. */
function dispatchEvent(): void {
  const code = readNumber();
  if (code === EVENTS.text.code) {
    const connection = connectionById(readNumber());
    const data = readString();
    if (connection !== undefined && !isStopping()) {
      connection.text(data);
    }
    return;
  }
  if (code === EVENTS.binary.code) {
    const connection = connectionById(readNumber());
    const bytes = readBytes(readNumber());
    if (connection !== undefined && !isStopping()) {
      connection.binary(bytes);
    }
    return;
  }
  const { handle, names, types } = byCode[code] as CompiledHandler;
  const fields = ObjectCreate(null) as Record<string, unknown>;
  for (let index = 0; index < names.length; index++) {
    fields[names[index] as string] = readField(types[index] as FieldType);
  }
  if (!isStopping() || code === EVENTS.end.code) {
    handle(fields);
  }
}

function readField(type: FieldType): unknown {
  switch (type) {
    case 'string':
      return readString();
    case 'boolean':
      return readNumber() === 1;
    case 'bytes':
      return readBytes(readNumber());
    case 'strings': {
      const strings = createList<string>();
      for (let left = readNumber(); left > 0; left--) {
        strings[strings.length] = readString();
      }
      return strings;
    }
    default:
      return readNumber();
  }
}

/** Runs the source in the global scope. */
function evaluate(source: string): void {
  const outer = beginCallback();
  try {
    const { entity } = script();
    rememberSource(sourceName(), source);
    const value = runProgram({ source, filename: sourceName() }, entity);
    if (entity) {
      constructEntity(value);
    }
    ownCommand('loaded', {});
  } catch (error) {
    ownCommand('loadFailed', describeError(error, sourceName()));
  }
  endCallback(outer, undefined, '', '');
}

/** Starts a turn, or goes on with the events that its last slice has left. */
function begin(): void {
  endRemembering();
  beginTurn();
  resetCallbacks();
  beginLineCopies();
  beginDeliveries();
  beginEventTurn();
  beginTimerTurn();
  beginSlice();
}

/** Runs events and ends the turn. Its result is copied behind the last microtask. */
function run(count: number): string[] {
  tellEventsLeft(dispatchEvents(count));
  // A rejection may leave the isolate behind the turn.
  beginRemembering();
  return currentOutbox();
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
    refillNumbers: CellCallbacks['refillNumbers'],
    refillBytes: CellCallbacks['refillBytes'],
    spillNumbers: CellCallbacks['spillNumbers'],
    spillBytes: CellCallbacks['spillBytes'],
    ask: CellCallbacks['ask'],
    parseURL: CellServices['parseURL'],
    changeURL: CellServices['changeURL'],
    randomBytes: CellServices['randomBytes'],
    now: CellServices['now'],
    run: ProgramCallbacks['run'],
    takeValue: ProgramCallbacks['takeValue'],
    takeThrown: ProgramCallbacks['takeThrown'],
    copyLine: CellServices['copyLine'],
  ): void {
    takeLateBuiltIns();
    const parsed = JSONParse(settings) as GuestSettings;
    setSettings({ ...parsed, args: ObjectFreeze(parsed.args) });
    if (parsed.dialect === 'overte') {
      inheritIsTrusted();
    }
    nameScript(name, encodedName);
    const callbacks = { refillNumbers, refillBytes, spillNumbers, spillBytes, ask };
    connectBridge(arena, callbacks, { commands: parsed.commandsPerTurn, bytes: parsed.bytesPerTurn });
    connectServices({ parseURL, changeURL, randomBytes, now, copyLine });
    connectPrograms({ run, takeValue, takeThrown });
    setTimeOrigin();
    startPerformance();
    // WebAssembly memory escapes the memory limit, and shared memory defeats validation.
    for (const unsafe of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) {
      delete (globalThis as Record<string, unknown>)[unsafe];
    }
    limitResizableBuffers(parsed.resizableMemory * 1024 * 1024);
    guardStackTraces();
    const scriptObject = createScriptObject();
    startGlobalScope();
    const globals: Record<string, unknown> = {
      CloseEvent,
      Event,
      EventTarget,
      MessageEvent,
      Script: scriptObject,
      WebSocket,
      console: createConsole(),
      print,
      require: scriptObject.require,
      ...timerFunctions,
    };
    if (parsed.dialect === 'web') {
      // What code for browsers and for workers calls the global object alike.
      globals.self = globalThis;
    }
    if (parsed.server) {
      globals.ServerWebSocket = ServerWebSocket;
      globals.WebSocketServer = WebSocketServer;
    }
    for (const global of ObjectKeys(globals)) {
      defineGlobal(global, globals[global]);
    }
  },

  /** Runs a turn of so many events, with its texts, or its only one; as many of them as its slice has time for. */
  turn(count: number, texts: string | readonly string[]): string[] {
    begin();
    beginInput(texts);
    settleSenders();
    // The last turn may have been ended by its time limit.
    isOneMore = false;
    return run(count);
  },

  /** Goes on with so many events that the last slice has left. */
  resume(count: number): string[] {
    begin();
    return run(count);
  },

  /** Tells of a rejected promise that nothing handles, of which the cell has a copy. Its commands go on with those of the turn. */
  rejected(kind: ThrownCopy['kind'], value: unknown, name: string, message: string, stack: string): string[] {
    const reason = originalOf({ kind, value, name, message, stack, position: '' });
    const promise = rejected(reason);
    markAsHandled(promise);
    reportRejection({ promise, reason, kind: '', name: '' }, true);
    return currentOutbox();
  },

  /** The outbox of the last turn once more, where its own crossing was lost to a rejected promise. */
  collect(): string[] {
    return currentOutbox();
  },
};

// Those that are the same for every script are in the snapshot already.
const sharedGlobals: Readonly<Record<string, unknown>> = { ...webGlobals, WebSocketError, WebSocketStream };
for (const global of ObjectKeys(sharedGlobals)) {
  defineGlobal(global, sharedGlobals[global]);
}
ObjectDefineProperty(globalThis, '__airlock', { value: guest, configurable: true });
export type Guest = typeof guest;
