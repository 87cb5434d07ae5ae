import type { ErrorCode } from '../errors.ts';

export interface PermissionDefinition {
  /** What a script may do that has it. */
  readonly permits: string;
  /** What its rules are, for `docs/permissions.md` and the help. */
  readonly rules: string;
  /** What is told of a rule that is none. */
  readonly expected: string;
  /** What a script is told that lacks it. */
  readonly denial: ErrorCode;
}

/** Every permission of a script. `docs/permissions.md` mirrors this table. */
export const PERMISSIONS = {
  connect: {
    permits: 'connect WebSockets to these hosts',
    rules: 'hosts: `example.com`, `*.example.com`, `127.0.0.1`, `[::1]`, `10.0.0.0/8`, `[fd00::/8]`, `localhost`, `*`; each with `:443` or `:8000-8999`, and with `wss://` before it for TLS only',
    expected: 'host, host:port or [IPv6]:port, as example.com:443, wss://*.example.com or 10.0.0.0/8:8000-8999',
    denial: 'ERR_AIRLOCK_CONNECT_DENIED',
  },
  listen: {
    permits: 'listen at these addresses and ports',
    rules: 'ports and addresses: `8080`, `8000-8999`, `127.0.0.1`, `127.0.0.1:8080`, `[::1]:0`, `10.0.0.0/8:8080`, `localhost`',
    expected: 'port, address or address:port, as 127.0.0.1:8080 or 8000-8999',
    denial: 'ERR_AIRLOCK_LISTEN_DENIED',
  },
  headers: {
    permits: 'set these headers of handshakes',
    rules: '`cookie`, `origin`',
    expected: 'cookie or origin',
    denial: 'ERR_AIRLOCK_HEADER_DENIED',
  },
  read: {
    permits: 'load modules from these folders',
    rules: 'folders, with all below them, and files: `modules`, `/srv/scripts/lib`',
    expected: 'a folder or a file, as modules or /srv/scripts/lib',
    denial: 'ERR_AIRLOCK_READ_DENIED',
  },
  import: {
    permits: 'load modules over http and https',
    rules: 'hosts, as those of `connect`, with `https://` before them for TLS only',
    expected: 'host, host:port or [IPv6]:port, as example.com:443, https://*.example.com or 10.0.0.0/8:8000-8999',
    denial: 'ERR_AIRLOCK_IMPORT_DENIED',
  },
  env: {
    permits: "read these environment variables of the host",
    rules: 'names: `LANG`, `CHAT_*`',
    expected: 'the name of a variable, as LANG, or CHAT_* for all that begin so',
    denial: 'ERR_AIRLOCK_ENV_DENIED',
  },
} as const satisfies Record<string, PermissionDefinition>;

export type PermissionName = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly PermissionName[];

/** `true`: everything of the kind. A list: what its rules say. */
export type RuleList = boolean | readonly string[];
type RuleLists = { readonly [Name in PermissionName]?: RuleList | undefined };

/**
 * What a script may do: nothing, unless it is said here. What `deny` says wins, whatever else permits it.
 *
 * A name opens only public addresses; `localhost`, names below it and address rules open what they name, and `true` opens all.
 */
export interface PermissionOptions extends RuleLists {
  readonly deny?: RuleLists | undefined;
}
