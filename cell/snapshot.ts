import { readFileSync } from 'node:fs';
import ivm from 'isolated-vm';
import { BINDINGS_NAME } from '../wire/settings.ts';
import { NATIVES, withNativesSyntax } from './natives.ts';

let snapshot: ivm.ExternalCopy<ArrayBuffer> | undefined;

/**
 * The V8 snapshot that every isolate of this process starts from: the bindings, evaluated. It is made once in a process,
 * as a snapshot fits only the V8 and the flags that made it.
 *
 * @param bundle the path of the bundled bindings
 */
export function bindingsSnapshot(bundle: string): ivm.ExternalCopy<ArrayBuffer> {
  snapshot ??= withNativesSyntax(() =>
    ivm.Isolate.createSnapshot([
      { code: NATIVES, filename: BINDINGS_NAME },
      { code: readFileSync(bundle, 'utf8'), filename: BINDINGS_NAME },
    ]),
  );
  return snapshot;
}
