import type { IsolateSettings } from '../../wire/settings.ts';
import type { ScriptSetup } from './script.ts';

/** What a script's cell, and the bindings in its isolate, are told of it. */
export function isolateSettings({ args, baseUrl, definition, dialect, limits, name, permissions, url }: ScriptSetup): IsolateSettings {
  return {
    name,
    memory: limits.memory,
    turnTimeout: limits.turnTimeout,
    guest: {
      dialect,
      url,
      baseUrl,
      args,
      context: definition.context,
      server: definition.server,
      entity: definition.entity,
      permittedHeaders: permissions.headers,
      commandsPerTurn: limits.commandsPerTurn,
      bytesPerTurn: limits.commandBytesPerTurn,
      messageBytes: limits.messageBytes,
      handshakeTimeout: limits.handshakeTimeout,
      timers: limits.timers,
      resizableMemory: limits.resizableMemory,
    },
  };
}
