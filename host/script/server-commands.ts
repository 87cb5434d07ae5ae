import type { CommandHandlers } from '../../wire/commands.ts';
import type { ScriptSockets } from './script-sockets.ts';

type ServerCommand = 'attach' | 'publishBinary' | 'publishText' | 'subscribe' | 'terminate' | 'unsubscribe' | 'watchDrain';

/**
 * What a script can ask of the sockets that its servers have accepted.
 *
 * @param check told why a command is malformed, where it is
 */
export function serverCommands(
  sockets: () => ScriptSockets,
  check: (malformed: string | undefined) => void,
): Pick<CommandHandlers, ServerCommand> {
  return {
    attach: (command) => check(sockets().servers.attach(command)),
    publishBinary: (command) => check(sockets().fanOut.publish(command)),
    publishText: (command) => check(sockets().fanOut.publish(command)),
    subscribe: (command) => check(sockets().servers.subscribe(command)),
    terminate: (command) => sockets().servers.terminate(command),
    unsubscribe: (command) => sockets().servers.unsubscribe(command),
    watchDrain: (command) => sockets().watchDrain(command),
  };
}
