import { ownCommand } from '../bridge.ts';
import { parseURL } from '../cell-services.ts';
import { callScript } from '../boundary/callbacks.ts';
import { ObjectDefineProperty, ReflectApply, TypeErrorConstructor } from '../primordials.ts';
import { script } from '../settings.ts';
import { getEnv } from './environment.ts';
import { createRequire, include } from './modules.ts';
import { createSignal } from './signal.ts';
import { clearAllTimers, timerFunctions } from './timers.ts';

let stopping = false;
let entity: Record<string, unknown> | undefined;
let entityID = '';
const scriptEnding = createSignal('scriptEnding');

/** Whether the script has asked to be stopped: nothing but its end comes any more. */
export function isStopping(): boolean {
  return stopping;
}

/** Overte's `Script` object. */
export function createScriptObject(): { readonly require: unknown } {
  const object = {
    ...timerFunctions,
    scriptEnding: scriptEnding.signal,
    stop() {
      if (!stopping) {
        stopping = true;
        ownCommand('stop', {});
      }
    },
    resolvePath(path: unknown = ''): string {
      const given = `${path as string}`;
      if (given === '') {
        return script().url;
      }
      const url = parseURL(given, script().url);
      if (url === undefined) {
        throw new TypeErrorConstructor(`Script.resolvePath: '${given}' is not an address`);
      }
      return url;
    },
    getContext: () => script().context,
    getEnv,
    include,
    require: createRequire(),
  };
  ObjectDefineProperty(object, 'args', { value: script().args, enumerable: true });
  return object;
}

/** Constructs an entity script's object from what its source evaluated to. */
export function constructEntity(constructor: unknown): void {
  if (typeof constructor !== 'function') {
    throw new TypeErrorConstructor(
      'an entity script must evaluate to a constructor function, as in (function () { this.preload = ... })',
    );
  }
  entity = new (constructor as new () => Record<string, unknown>)();
}

export function preloadEntity(id: string): void {
  entityID = id;
  callEntityMethod('preload');
}

/** Timers go first, then `unload`, then `scriptEnding`. */
export function endScript(): void {
  stopping = true;
  clearAllTimers();
  callEntityMethod('unload');
  scriptEnding.emit();
  clearAllTimers();
}

/** Overte's form: `method(entityID, params)`, with the script's object as `this`. A missing method is ignored. */
function callEntityMethod(name: string): void {
  if (entity === undefined) {
    return;
  }
  const object = entity;
  callScript(
    () => {
      const method = object[name];
      return typeof method === 'function' ? (ReflectApply(method as (...args: unknown[]) => unknown, object, [entityID, []]) as unknown) : undefined;
    },
    undefined,
    [],
    'the method',
    name,
  );
}
