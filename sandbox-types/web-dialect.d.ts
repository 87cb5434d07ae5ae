/**
 * The types of the dialect `web`, in which `onerror` is called as a browser calls it, with the event alone. The default
 * dialect is `overte`. Add this file beside that of the script type, for scripts that are run with `dialect: 'web'`:
 *
 *     "files": ["sandbox-types/interface.d.ts", "sandbox-types/web-dialect.d.ts"]
 *
 * or write `/// <reference path=".../web-dialect.d.ts" />` at the top of the script. It counts for the whole project, so
 * give scripts of the two dialects a tsconfig each.
 */
interface ScriptDialect {
  web: true;
}

/** The global object, by the name that code for browsers and workers has for it. Only in the dialect `web`. */
declare var self: typeof globalThis;
