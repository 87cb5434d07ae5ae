import type { GuestSettings } from '../../wire/settings.ts';

/** What the bindings are told of a client script that nobody has asked anything special for. */
export const GUEST_SETTINGS: GuestSettings = {
  dialect: 'overte',
  url: 'about:blank',
  baseUrl: 'about:blank',
  args: [],
  context: 'client',
  server: false,
  entity: false,
  permittedHeaders: [],
  environment: {},
  turnSlice: 60_000,
  commandsPerTurn: 10_000,
  bytesPerTurn: 8 * 1024 * 1024,
  messageBytes: 16 * 1024 * 1024,
  handshakeTimeout: 30_000,
  heartbeatInterval: 1000,
  timers: 10_000,
  resizableMemory: 32,
  answerBytes: 4 * 1024 * 1024,
  bufferedBytes: 16 * 1024 * 1024,
  attachmentBytes: 16 * 1024,
  topicLength: 256,
  topicsPerSocket: 128,
  subscriptions: 262_144,
  deliveriesPerTurn: 1_048_576,
};
