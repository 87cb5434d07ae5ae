import { AirlockError } from '../errors.ts';
import { suggestionText } from '../policy/suggestion.ts';

export interface ScriptTypeDefinition {
  /** What `Script.getContext()` answers, in Overte's words. */
  readonly context: 'client' | 'entity_client' | 'entity_server' | 'agent';
  /** Whether `WebSocketServer` exists. */
  readonly server: boolean;
  /** Whether the source evaluates to a constructor, whose object gets `preload` and `unload`. */
  readonly entity: boolean;
}

/**
 * The kinds of scripts that Overte has. Every type has the same globals: WebSocket and the event classes, Blob,
 * DOMException, Script, print, console and the timer functions; `server` adds WebSocketServer.
 */
export const SCRIPT_TYPES = {
  'interface': { context: 'client', server: false, entity: false },
  'avatar': { context: 'client', server: false, entity: false },
  'client-entity': { context: 'entity_client', server: false, entity: true },
  'server-entity': { context: 'entity_server', server: true, entity: true },
  'assignment-client': { context: 'agent', server: true, entity: false },
} as const satisfies Record<string, ScriptTypeDefinition>;

export type ScriptType = keyof typeof SCRIPT_TYPES;

export function scriptTypeDefinition(type: string): ScriptTypeDefinition {
  if (!Object.hasOwn(SCRIPT_TYPES, type)) {
    throw new AirlockError(
      'ERR_AIRLOCK_UNKNOWN_SCRIPT_TYPE',
      `There is no script type '${type}'; ${suggestionText(type, Object.keys(SCRIPT_TYPES))}`,
    );
  }
  return SCRIPT_TYPES[type as ScriptType];
}
