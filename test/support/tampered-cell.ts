import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { bundleCell } from '../../tools/bundle-cell.mjs';

const PACKAGE = resolve(import.meta.dirname, '../..');

/**
 * A cell's code in which the script `hostile.js` has no isolate: its source runs in the cell process itself, as that of a
 * script that has broken out of V8. What it returns is the result of its first turn; `cell` is what it has of the cell.
 */
const TAMPERED = `
  import { Cell as RealCell } from './untampered-cell.js';
  import { writeSync, readSync } from 'node:fs';
  import * as frames from '../wire/frames.js';
  import { COMMANDS } from '../wire/commands.js';
  import { EVENTS } from '../wire/events.js';
  import { encodeTexts } from '../wire/encoded.js';

  const EMPTY = { numbers: new Float64Array(0), texts: [], bytes: [] };
  const DONE = { status: 'done', message: '', usage: frames.NO_USAGE, commands: EMPTY };

  function writeAll(bytes) {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(frames.CELL_PIPES.commands, bytes, at, bytes.length - at);
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
      }
    }
  }

  export class Cell extends RealCell {
    #hostile = new Set();
    create(script, settings, ...rest) {
      if (settings.name === 'hostile.js') this.#hostile.add(script);
      super.create(script, settings, ...rest);
    }
    turn(script, count, events, ...rest) {
      if (!this.#hostile.has(script)) return super.turn(script, count, events, ...rest);
      const cell = this.#brokenOut(script, events, count);
      if (events.numbers[0] !== EVENTS.evaluate.code) return { ...DONE, commands: globalThis.onTurn?.(cell) ?? EMPTY };
      return { ...DONE, ...Function('cell', events.texts[0])(cell) };
    }
    resume(script) {
      if (!this.#hostile.has(script)) return super.resume(script);
      return { ...DONE, ...globalThis.onResume?.(this.#brokenOut(script, EMPTY, 0)) };
    }
    #brokenOut(script, events, count) {
      const cell = {
        script, writeAll, readSync, COMMANDS, frames, encodeTexts,
        write: (kind, content, as = script) => writeAll(Buffer.concat(frames.frame(kind, as, content))),
        turned: (commands, as = script) =>
          cell.write(frames.TO_HOST.turned, frames.turnedContent('done', '', frames.NO_USAGE, encodeTexts({ ...EMPTY, ...commands })), as),
        raw: (bytes) => writeAll(Buffer.from(bytes)),
        /** Items as their numbers and texts lie: [code, ...fields], texts as strings. */
        commands: (...items) => {
          const numbers = [], texts = [];
          for (const [type, ...fields] of items) {
            numbers.push(COMMANDS[type].code);
            for (const field of fields) {
              if (typeof field === 'string') { numbers.push(field.length); texts.push(field); }
              else numbers.push(field);
            }
          }
          return { ...EMPTY, numbers: Float64Array.from(numbers), texts };
        },
        print: (text) => cell.commands(['print', 0, String(text)]),
        events, count,
      };
      return cell;
    }
  }
`;

/** A package whose cells are broken out of. Its host is the real one. Gives its folder. */
export async function tamperedPackage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'airlock-tampered-'));
  cpSync(join(PACKAGE, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(PACKAGE, 'package.json'), join(folder, 'package.json'));
  mkdirSync(join(folder, 'node_modules'));
  const { dependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name);
    // A name may have a scope.
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(PACKAGE, 'node_modules', name), link);
  }
  const cell = join(folder, 'dist', 'cell');
  renameSync(join(cell, 'cell.js'), join(cell, 'untampered-cell.js'));
  writeFileSync(join(cell, 'cell.js'), TAMPERED);
  await bundleCell(folder);
  return folder;
}

export function removePackage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
