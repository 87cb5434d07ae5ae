import type { CommandCarriers } from '../cells/command-batch.ts';
import { flowCommands, type FlowCommand } from './flow-commands.ts';
import type { ScriptSockets } from './script-sockets.ts';
import { serverCommands, type ServerCommand } from './server-commands.ts';

type SocketCommand = 'acceptRequest' | 'answerRequest' | 'close' | 'closeServer' | 'connect' | 'ping' | 'watchRequests' | FlowCommand | ServerCommand;

/**
 * What a script can ask of its sockets and servers.
 *
 * @param check told why a command is malformed, if it is
 */
export function socketCommands(
  sockets: () => ScriptSockets,
  check: (malformed: string | undefined) => undefined,
): Pick<CommandCarriers, SocketCommand> {
  return {
    acceptRequest: (command) => check(sockets().servers.requests.accept(command)),
    answerRequest: (command) => check(sockets().servers.requests.answer(command)),
    close: (command) => check(sockets().close(command)),
    closeServer: (command) => sockets().servers.close(command),
    connect: (command) => check(sockets().connect(command)),
    ping: (command) => check(sockets().ping(command)),
    watchRequests: (command) => sockets().servers.watch(command),
    ...flowCommands(sockets, check),
    ...serverCommands(sockets, check),
  };
}
