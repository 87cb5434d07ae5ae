import * as z from 'zod';
import { AirlockError } from './errors.ts';
import type { Limits } from './policy/limits.ts';
import type { PermissionOptions } from './policy/permissions.ts';
import { proxyOptions, type ProxyOptions } from './policy/proxy-options.ts';
import { serverTlsOptions, tlsOptions, type ServerTlsOptions, type TlsOptions, type TlsRule } from './policy/tls-options.ts';
import { HOST_INBOX_BYTES } from './script/host-inbox.ts';
import { ON_FAULT, type OnFault } from './script/script-setup.ts';
import type { ScriptType } from './script/script-types.ts';
import type { Dialect } from '../wire/settings.ts';
import { ISOLATIONS, type Isolation } from './cells/isolation.ts';

export interface HostOptions {
  /**
   * Where cells are: `process` (the default) in processes of their own, `in-process` in this one. It is short for the
   * `isolation` `owner` or `in-process`, and must not contradict one that is given beside it.
   */
  readonly cells?: 'process' | 'in-process' | undefined;
  /**
   * Where scripts run that do not say it themselves. `owner` (the default): those of one owner in one process, each in an
   * isolate of its own. `script`: each in a process of its own. `context`: those of one owner in one isolate.
   * `in-process`: in this process, for scripts that are trusted. docs/security.md says what each stops.
   */
  readonly isolation?: Isolation | undefined;
  /**
   * A file in which the host keeps which scripts have brought their processes down, so that the next host knows it too. It
   * is made where it is not there. Default: none, so that it is known as long as the host lives.
   */
  readonly blameFile?: string | undefined;
  /** What TLS trusts and presents: for every host, or by rules for some. Default: the system's authorities. */
  readonly tls?: TlsOptions | readonly TlsRule[] | undefined;
  /**
   * The certificates that servers of scripts can show, by the names that scripts know them by: `new WebSocketServer({ tls:
   * 'name' })`. No script sees more of them.
   */
  readonly serverTls?: Readonly<Record<string, ServerTlsOptions>> | undefined;
  /**
   * The HTTP proxies that scripts' connections go through. `environment`: those that HTTP_PROXY, HTTPS_PROXY and
   * NO_PROXY name. Default: none.
   */
  readonly proxy?: ProxyOptions | 'environment' | false | undefined;
  /**
   * Bytes of messages that wait for all scripts together, counted as `inboxBytes` counts them. A script may use as much of it
   * as is still free. Default: 256 MiB.
   */
  readonly hostInboxBytes?: number | undefined;
}

/** A script to run: exactly one of `source`, `file` and `url`, and what is to be known of it. */
export interface RunOptions {
  /** The source itself. */
  readonly source?: string | undefined;
  /** The path of a JavaScript or TypeScript file. */
  readonly file?: string | undefined;
  /** The `http:`, `https:` or `file:` address of a script. */
  readonly url?: string | undefined;
  /** What the log and stack traces call it. Default: the last part of its path. */
  readonly name?: string | undefined;
  /** Default: `interface`. */
  readonly type?: ScriptType | undefined;
  /** Whose it is: scripts of different owners never share a process. Default: `default`, one owner for all. */
  readonly owner?: string | undefined;
  /** Where it runs. Default: what `ScriptHost.start` was given. */
  readonly isolation?: Isolation | undefined;
  /**
   * What becomes of its servers' connections when it ends with a fault, or starts again because its process has ended:
   * `close` (the default): closed with 1011; `hold`: kept for the script, which gets them once more when it listens there
   * again. docs/websocket-server.md says how.
   */
  readonly onFault?: OnFault | undefined;
  /** Whether it may run though this very script has brought its process down twice; that is then forgotten. */
  readonly pardon?: boolean | undefined;
  /** What the script finds in `Script.args`. */
  readonly args?: readonly string[] | undefined;
  /** What it may do. Default: nothing. */
  readonly permissions?: PermissionOptions | undefined;
  /** What TLS trusts and presents, beside the host's own: its rules come after those of `ScriptHost.start`. */
  readonly tls?: TlsOptions | readonly TlsRule[] | undefined;
  /** Its limits, as far as they differ from the defaults. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * The base of relative URLs of its WebSockets: an `http:`, `https:`, `ws:` or `wss:` URL. Default: the script's own
   * address, which is one only where it was loaded from a server.
   */
  readonly baseUrl?: string | undefined;
  /** How its callbacks are called. Default: `overte`. */
  readonly dialect?: Dialect | undefined;
  /** What `preload` and `unload` of an entity script are called with. Default: a new id. */
  readonly entityID?: string | undefined;
}

const isolation = z.enum(Object.keys(ISOLATIONS) as [Isolation, ...Isolation[]]);

/** They would break the lines of a log. */
const label = z.string().min(1).max(256).regex(/^[^\x00-\x1f\x7f]*$/, 'must not hold control characters');

const hostOptions = z
  .strictObject({
    cells: z.enum(['process', 'in-process']).optional(),
    isolation: isolation.optional(),
    blameFile: z.string().min(1).optional(),
    tls: tlsOptions.optional(),
    serverTls: serverTlsOptions.optional(),
    proxy: proxyOptions.optional(),
    hostInboxBytes: z.int().min(HOST_INBOX_BYTES.least).max(HOST_INBOX_BYTES.most).optional(),
  })
  .refine(
    ({ cells, isolation: given }) => cells === undefined || given === undefined || (cells === 'in-process') === (given === 'in-process'),
    { path: ['cells'], error: 'it contradicts isolation; leave one of them out' },
  );

const runOptions = z.strictObject({
  source: z.string().optional(),
  file: z.string().optional(),
  url: z.string().optional(),
  name: label.optional(),
  owner: label.optional(),
  isolation: isolation.optional(),
  onFault: z.enum(ON_FAULT).optional(),
  pardon: z.boolean().optional(),
  type: z.string().optional(),
  args: z.array(z.string()).optional(),
  // Their own modules check these two, with better words.
  permissions: z.record(z.string(), z.unknown()).optional(),
  limits: z.record(z.string(), z.unknown()).optional(),
  baseUrl: z
    .string()
    .refine(
      (value) => /^(?:https?|wss?):$/.test(URL.parse(value)?.protocol ?? ''),
      'must be a whole http:, https:, ws: or wss: URL, as https://example.com/',
    )
    .optional(),
  tls: tlsOptions.optional(),
  dialect: z.enum(['overte', 'web']).optional(),
  entityID: z.string().max(256).optional(),
});

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the option that is wrong. */
export function checkHostOptions(options: unknown): HostOptions {
  return check(hostOptions, options, 'ScriptHost.start') as HostOptions;
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming the option that is wrong. */
export function checkRunOptions(options: unknown): RunOptions {
  return check(runOptions, options, 'host.run') as RunOptions;
}

/** Throws ERR_AIRLOCK_INVALID_ARGUMENT, naming what is wrong. */
export function checkTlsOptions(options: unknown, where: string): TlsOptions | readonly TlsRule[] {
  return check(tlsOptions, options, where) as TlsOptions | readonly TlsRule[];
}

function check(schema: z.ZodType, options: unknown, operation: string): unknown {
  const result = schema.safeParse(options);
  if (result.success) {
    return result.data;
  }
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `${operation}: ${problems.join('; ')}`);
}
