import type { CommandCarriers } from '../cells/command-batch.ts';
import type { ScriptSockets } from './script-sockets.ts';

export type ServerCommand = 'attach' | 'publishBinary' | 'publishText' | 'subscribe' | 'terminate' | 'unsubscribe' | 'watchDrain';

/**
 * What a script can ask of the sockets that its servers have accepted.
 *
 * @param check told why a command is malformed, where it is
 */
export function serverCommands(
  sockets: () => ScriptSockets,
  check: (malformed: string | undefined) => undefined,
): Pick<CommandCarriers, ServerCommand> {
  return {
    attach: (command) => check(sockets().servers.attach(command)),
    publishBinary: (command) => sockets().fanOut.publish(command, check),
    publishText: (command) => sockets().fanOut.publish(command, check),
    subscribe: (command) => check(sockets().servers.subscribe(command)),
    terminate: (command) => sockets().servers.terminate(command),
    unsubscribe: (command) => sockets().servers.unsubscribe(command),
    watchDrain: (command) => sockets().watchDrain(command),
  };
}
