import { createHash } from 'node:crypto';
import { AirlockError } from '../errors.ts';

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

/** Which scripts have brought their processes down, as long as the host lives. */
export class BlameRecord {
  /** How often, by the hash of the identity; beside it, what `pardon` knows it by. */
  readonly #scripts = new Map<string, { readonly owner: string; readonly name: string; count: number }>();

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
    return count;
  }

  /** Throws ERR_AIRLOCK_SCRIPT_BLAMED where the script is not to be started. */
  check(script: ScriptIdentity): void {
    if (this.isBarred(this.#scripts.get(keyOf(script))?.count ?? 0)) {
      throw new AirlockError(
        'ERR_AIRLOCK_SCRIPT_BLAMED',
        `${script.name} has brought its process down ${MOST_BLAMES} times and is not started again; ` +
          'allow it with the option pardon of host.run, or with host.pardon()',
      );
    }
  }

  /** Whether a script that has done it so often is not started any more. */
  isBarred(count: number): boolean {
    return count >= MOST_BLAMES;
  }

  /** Forgets what this very script has done. */
  forget(script: ScriptIdentity): void {
    this.#scripts.delete(keyOf(script));
  }

  /** Forgets what scripts of this name have done, whatever their source. Returns whether there was anything. */
  pardon(name: string, owner: string): boolean {
    const pardoned = [...this.#scripts].filter(([, script]) => script.name === name && script.owner === owner);
    for (const [key] of pardoned) {
      this.#scripts.delete(key);
    }
    return pardoned.length > 0;
  }
}

function keyOf({ name, owner, source }: ScriptIdentity): string {
  return createHash('sha256').update(JSON.stringify([owner, name])).update(source).digest('base64');
}
