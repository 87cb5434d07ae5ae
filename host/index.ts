/** The public API of airlock-runtime. */
export { ScriptHost, type HostEvents } from './script-host.ts';
export type { HostOptions, RunOptions } from './run-options.ts';
export { DEFAULT_OWNER, ISOLATIONS, type Isolation } from './cells/isolation.ts';
export type { Script } from './script/script.ts';
export type { SocketStatistics } from './script/script-sockets.ts';
export type { OnFault, PrintedLine, Restart, ScriptEnd, ScriptEvents } from './script/script-setup.ts';
export { SCRIPT_TYPES, type ScriptType, type ScriptTypeDefinition } from './script/script-types.ts';
export { LIMITS, type LimitName, type Limits } from './policy/limits.ts';
export { PERMISSIONS, type PermissionDefinition, type PermissionName, type PermissionOptions, type RuleList } from './policy/permission-table.ts';
export type { ProxyOptions, ProxyResolution } from './policy/proxy-options.ts';
export type { ServerTlsOptions, TlsOptions, TlsRule, TlsVersion } from './policy/tls-options.ts';
export type { RefusalReason, ServerStatistics } from './sockets/server-statistics.ts';
export type { LogEntry, LogLevel } from './observe/log.ts';
export { AirlockError, ERROR_CODES, ScriptError, type ErrorCode, type ScriptPosition } from './errors.ts';
export type { PrintLevel } from '../wire/commands.ts';
export type { Dialect } from '../wire/settings.ts';
export { CLOSE_CODES, SOCKET_ERRORS } from '../wire/socket-codes.ts';
