import type { EventOf } from '../../wire/events.ts';
import type { QuestionOf } from '../../wire/questions.ts';

/** What `new WebSocketServer({ host: '127.0.0.1' })` asks, with these differences. */
export function listenQuestion(fields: Partial<QuestionOf<'listen'>> = {}): QuestionOf<'listen'> {
  return {
    type: 'listen',
    server: 1,
    host: '127.0.0.1',
    port: 0,
    serverName: '',
    tls: '',
    path: '',
    origins: ['self'],
    protocols: [],
    methods: ['GET', 'HEAD', 'POST'],
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    maxPendingHandshakes: 0,
    maxMessageSize: 0,
    maxBufferedAmount: 0,
    handshakeTimeout: 0,
    slowReaders: 0,
    heartbeatInterval: 30_000,
    heartbeatTimeout: 10_000,
    idleTimeout: 0,
    deflates: false,
    contextTakeover: false,
    threshold: 1024,
    windowBits: 12,
    ...fields,
  };
}

/** What a script is told of a connection that its server has accepted. */
export function acceptedEvent(fields: Partial<EventOf<'accepted'>> = {}): EventOf<'accepted'> {
  return {
    type: 'accepted',
    server: 1,
    socket: 1,
    request: 0,
    url: 'ws://127.0.0.1/',
    protocol: '',
    extensions: '',
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
    target: '/',
    headers: 'Host: 127.0.0.1:8080',
    certificate: '',
    attachment: new Uint8Array(0),
    ...fields,
  };
}
