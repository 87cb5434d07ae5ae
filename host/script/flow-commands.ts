import type { CommandCarriers } from '../cells/command-batch.ts';
import type { ScriptSockets } from './script-sockets.ts';

export type FlowCommand = 'drain' | 'pause' | 'resume' | 'taken' | 'window';

/**
 * How a script can have its sockets read and written no faster than it likes.
 *
 * @param check told why a command is malformed, where it is
 */
export function flowCommands(
  sockets: () => ScriptSockets,
  check: (malformed: string | undefined) => undefined,
): Pick<CommandCarriers, FlowCommand> {
  return {
    drain: (command) => sockets().drain(command),
    pause: (command) => sockets().flow.pause(command),
    resume: (command) => sockets().flow.resume(command),
    taken: (command) => check(sockets().flow.taken(command)),
    window: (command) => check(sockets().flow.window(command)),
  };
}
