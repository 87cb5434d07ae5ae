import type { CellClient, CellDeath, CellSettings } from '../../host/cells/cell.ts';
import type { Command, LineCommand } from '../../wire/commands.ts';
import type { TurnStatus } from '../../wire/frames.ts';
import { GUEST_SETTINGS } from './guest-settings.ts';
import { commandsOf } from './wire.ts';

export interface Turned {
  readonly status: TurnStatus;
  readonly message: string;
  readonly commands: readonly Command[];
}

export interface RecordingClient extends CellClient {
  /** What the next turn to end has given back; asked for before it ends. */
  turnEnds(): Promise<Turned>;
  /** The lines of turns whose commands are lost. */
  readonly lostLines: readonly LineCommand[];
  /** Resolves with the reason when the cell has died. */
  readonly ended: Promise<string>;
  /** Resolves when the cell has died by the doing of another script or of nobody. */
  readonly death: Promise<CellDeath>;
  /** Resolves when it is told that it is to blame. */
  readonly isBlamed: Promise<CellDeath>;
}

/** A script as a cell sees it. It never has a server. */
export function processCellClient(): RecordingClient {
  const died = Promise.withResolvers<string>();
  const death = Promise.withResolvers<CellDeath>();
  const blamed = Promise.withResolvers<CellDeath>();
  const lost: LineCommand[] = [];
  let turn = Promise.withResolvers<Turned>();
  return {
    lostLines: lost,
    ended: died.promise,
    death: death.promise,
    isBlamed: blamed.promise,
    turnEnds: () => Promise.race([turn.promise, died.promise.then((reason) => Promise.reject(new Error(reason)))]),
    turned(status, message, commands) {
      turn.resolve({ status, message, commands: commandsOf(commands) });
      turn = Promise.withResolvers();
    },
    lost(lines) {
      lost.push(...lines);
    },
    answer: () => ({ type: 'listen', port: 0, url: '', code: 'ERR_AIRLOCK_LISTEN_DENIED', error: 'not here' }),
    blamed: (its) => {
      blamed.resolve(its);
      died.resolve(its.message);
    },
    died: (its) => {
      death.resolve(its);
      died.resolve(its.message);
    },
    malformed: (message) => died.resolve(`malformed: ${message}`),
  };
}

/** The settings of a script without servers. */
export function settingsOf(name: string, turnTimeout = 1000): CellSettings {
  return {
    name,
    memory: 32,
    turnTimeout,
    shared: false,
    copies: { lines: 100, units: 100_000 },
    bounds: { turn: turnTimeout + 3000, memory: 768 },
    guest: { ...GUEST_SETTINGS, commandsPerTurn: 1000, bytesPerTurn: 1_000_000, messageBytes: 1024 * 1024 },
  };
}
