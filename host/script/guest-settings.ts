import type { GuestSettings } from '../../wire/settings.ts';
import type { ScriptSetup } from './script-setup.ts';

/** What the bindings are told of their script. */
export function guestSettings({ definition, limits, permissions, ...setup }: ScriptSetup): GuestSettings {
  return {
    dialect: setup.dialect,
    url: setup.url,
    baseUrl: setup.baseUrl,
    args: setup.args,
    context: definition.context,
    server: definition.server,
    entity: definition.entity,
    permittedHeaders: permissions.headers,
    environment: permissions.visibleEnvironment(process.env),
    turnSlice: Math.min(limits.turnSlice, limits.turnTimeout),
    commandsPerTurn: limits.commandsPerTurn,
    bytesPerTurn: limits.commandBytesPerTurn,
    messageBytes: limits.messageBytes,
    handshakeTimeout: limits.handshakeTimeout,
    heartbeatInterval: limits.heartbeatInterval,
    timers: limits.timers,
    resizableMemory: limits.resizableMemory,
    answerBytes: limits.answerBytes,
    bufferedBytes: limits.bufferedBytes,
    attachmentBytes: limits.attachmentBytes,
    topicLength: limits.topicLength,
    topicsPerSocket: limits.topicsPerSocket,
    subscriptions: limits.subscriptions,
    deliveriesPerTurn: limits.deliveriesPerTurn,
  };
}
