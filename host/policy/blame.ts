import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { AirlockError, codeOf, messageOf } from '../errors.ts';

/** So many times a script may bring its process down before a person has to say that it may run again. */
const MOST_BLAMES = 2;

/** Of so many scripts the blame is kept; the oldest is forgotten. */
const MOST_SCRIPTS = 10_000;

/** What a script is known by when it is run again: whose it is, its name and its very source. */
export interface ScriptIdentity {
  readonly owner: string;
  readonly name: string;
  readonly source: string;
}

interface Blame {
  readonly owner: string;
  readonly name: string;
  readonly count: number;
}

/** The file's form: the blames by the hash of the script's identity. */
const blameFile = z.record(z.string(), z.strictObject({ owner: z.string(), name: z.string(), count: z.int().min(1) }));

/** Which scripts have brought their processes down, as long as the host lives or, in a file, beyond it. */
export class BlameRecord {
  readonly #file: string | undefined;
  /** By the hash of the identity; beside it, what `pardon` knows it by. */
  readonly #scripts: Map<string, Blame>;

  /**
   * @param file where it is kept, as JSON; it need not be there yet, its folder must. Throws ERR_AIRLOCK_INVALID_ARGUMENT where
   * it cannot be read, or its folder not written to
   */
  constructor(file?: string) {
    this.#file = file;
    this.#scripts = new Map(file === undefined ? [] : Object.entries(readBlames(file)));
  }

  /** Notes that the script has done it. Returns how often by now. */
  note(script: ScriptIdentity): number {
    const key = keyOf(script);
    const count = (this.#scripts.get(key)?.count ?? 0) + 1;
    this.#scripts.delete(key);
    this.#scripts.set(key, { owner: script.owner, name: script.name, count });
    if (this.#scripts.size > MOST_SCRIPTS) {
      const [oldest] = this.#scripts.keys();
      this.#scripts.delete(oldest as string);
    }
    this.#save();
    return count;
  }

  /** Throws ERR_AIRLOCK_SCRIPT_BLAMED where the script is not to be started. */
  check(script: ScriptIdentity): void {
    if (this.isBarred(this.#scripts.get(keyOf(script))?.count ?? 0)) {
      throw new AirlockError(
        'ERR_AIRLOCK_SCRIPT_BLAMED',
        `${script.name} has brought its process down ${MOST_BLAMES} times and is not started again; ` +
          'allow it with airlock run --pardon, the option pardon of host.run, or host.pardon()',
      );
    }
  }

  /** Whether a script that has done it so often is not started any more. */
  isBarred(count: number): boolean {
    return count >= MOST_BLAMES;
  }

  /** Forgets what this very script has done. */
  forget(script: ScriptIdentity): void {
    if (this.#scripts.delete(keyOf(script))) {
      this.#save();
    }
  }

  /** Forgets what scripts of this name have done, whatever their source. Returns whether there was anything. */
  pardon(name: string, owner: string): boolean {
    const pardoned = [...this.#scripts].filter(([, script]) => script.name === name && script.owner === owner);
    for (const [key] of pardoned) {
      this.#scripts.delete(key);
    }
    if (pardoned.length > 0) {
      this.#save();
    }
    return pardoned.length > 0;
  }

  #save(): void {
    if (this.#file !== undefined) {
      // Whole or not at all, as it may be read at any time.
      const unfinished = `${this.#file}.${process.pid}`;
      try {
        writeFileSync(unfinished, `${JSON.stringify(Object.fromEntries(this.#scripts), undefined, 2)}\n`);
        renameSync(unfinished, this.#file);
      } catch (error) {
        throw unusable(this.#file, messageOf(error), error);
      }
    }
  }
}

function readBlames(file: string): Record<string, Blame> {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw unusable(file, `nothing can be written to its folder: ${messageOf(error)}`, error);
  }
  try {
    return blameFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return {};
    }
    const why = error instanceof z.ZodError ? 'it is not of the form that this file has' : messageOf(error);
    throw unusable(file, why, error);
  }
}

function unusable(file: string, why: string, cause: unknown): AirlockError {
  return new AirlockError('ERR_AIRLOCK_INVALID_ARGUMENT', `blameFile: cannot use ${file}: ${why}`, { cause });
}

function keyOf({ name, owner, source }: ScriptIdentity): string {
  return createHash('sha256').update(JSON.stringify([owner, name])).update(source).digest('base64');
}
