import { HEADER_NAME } from '../../wire/handshake-headers.ts';
import { METHODS, MOST_LISTED, MOST_OPTIONS_LENGTH, SLOW_READERS, type QuestionOf } from '../../wire/questions.ts';
import { AirlockError } from '../errors.ts';
import type { LimitName } from '../policy/limits.ts';
import type { ListenOptions } from '../sockets/server.ts';
import { connectionOptions } from './listen-options.ts';
import type { RefusalCause } from '../sockets/server-statistics.ts';
import type { SlowReaderCounts } from '../sockets/slow-readers.ts';
import type { ScriptSocketsOptions } from './script-sockets.ts';

/** The options that lower a limit, and which. */
const LOWERING = {
  maxConnections: 'serverConnections',
  maxConnectionsPerAddress: 'connectionsPerAddress',
  maxPendingHandshakes: 'pendingHandshakes',
  maxMessageSize: 'messageBytes',
  maxBufferedAmount: 'bufferedBytes',
  handshakeTimeout: 'serverHandshakeTimeout',
} as const satisfies Record<string, LimitName>;

/** The limits that clients are refused by, by what is behind it. */
const REFUSING: { readonly [Cause in RefusalCause]?: LimitName } = {
  connections: 'serverConnections',
  address: 'connectionsPerAddress',
  flood: 'pendingConnections',
  pending: 'pendingHandshakes',
  unread: 'unsentAnswerBytes',
  timeout: 'serverHandshakeTimeout',
  unanswered: 'serverHandshakeTimeout',
  headers: 'headerBytes',
  body: 'requestBytes',
};

/**
 * What a script asks of its server, within its limits. Throws ERR_AIRLOCK_INVALID_ARGUMENT where it asks for more, or for
 * a TLS configuration that there is not.
 *
 * @param slowReaders where those are counted that its sockets find
 */
export function listenOptions(question: QuestionOf<'listen'>, { account, limits, log, serverTls }: ScriptSocketsOptions, slowReaders: SlowReaderCounts): ListenOptions {
  const { host, methods, origins, path, port, protocols, serverName, tls: name } = question;
  if (SLOW_READERS[question.slowReaders] === undefined) {
    throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
  }
  const known: readonly string[] = METHODS;
  if (methods.length === 0 || methods.length > known.length || !methods.every((method) => known.includes(method))) {
    throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
  }
  for (const list of [origins, protocols]) {
    if (list.length > MOST_LISTED) {
      throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
    }
  }
  const length = [host, path, serverName, name, ...origins, ...protocols].reduce((sum, text) => sum + text.length, 0);
  if (length > MOST_OPTIONS_LENGTH) {
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `the options may have ${MOST_OPTIONS_LENGTH} characters in all; there are ${length}`);
  }
  if (!protocols.every((protocol) => HEADER_NAME.test(protocol))) {
    throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
  }
  const connections = connectionOptions(question, limits.heartbeatInterval);
  if (connections === undefined) {
    throw new AirlockError('ERR_AIRLOCK_MALFORMED_COMMAND', 'the question is malformed');
  }
  const limited = (option: keyof typeof LOWERING): number => {
    const limit = limits[LOWERING[option]];
    if (question[option] > limit) {
      throw new AirlockError(
        'ERR_AIRLOCK_INVALID_ARGUMENT',
        `the option ${option} can only lower the script's limit ${LOWERING[option]}, which is ${limit}; ${question[option]} is more`,
      );
    }
    return question[option] === 0 ? limit : question[option];
  };
  const isLowered = (limit: LimitName): boolean =>
    (Object.keys(LOWERING) as (keyof typeof LOWERING)[]).some((option) => LOWERING[option] === limit && limited(option) < limits[limit]);
  const tls = name === '' ? undefined : serverTls.get(name);
  if (name !== '' && tls === undefined) {
    // Which there are is the operator's business alone.
    const { names } = serverTls;
    const hint = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
    log('warning', `there is no TLS configuration '${name}'; ${hint}; add it with --server-tls=${name}=CERT.pem,KEY.pem`);
    throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `the host has no TLS configuration '${name}'`);
  }
  return {
    host,
    port,
    serverName,
    tls,
    path,
    origins,
    protocols,
    methods,
    ...connections,
    closeTimeout: limits.closeTimeout,
    onRefused: (cause) => {
      const limit = REFUSING[cause];
      // A bound that the script has set itself is none of its limits.
      if (limit !== undefined && !isLowered(limit)) {
        account.hit(limit);
      }
    },
    sendLimit: { bytes: limited('maxBufferedAmount'), policy: SLOW_READERS[question.slowReaders] ?? 'close', counts: slowReaders },
    maxPayload: limited('maxMessageSize'),
    maxConnections: limited('maxConnections'),
    maxConnectionsPerAddress: limited('maxConnectionsPerAddress'),
    maxPendingHandshakes: limited('maxPendingHandshakes'),
    maxPendingConnections: limits.pendingConnections,
    handshakeTimeout: limited('handshakeTimeout'),
    keepAliveTimeout: limits.keepAliveTimeout,
    answerTimeout: limits.answerTimeout,
    unsentAnswerBytes: limits.unsentAnswerBytes,
    headerBytes: limits.headerBytes,
    requestBytes: limits.requestBytes,
  };
}
