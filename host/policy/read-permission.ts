import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { codeOf } from '../errors.ts';
import type { NoRule } from './host-rules.ts';

/** A folder and all below it, or a file. */
export interface ReadRule {
  readonly text: string;
  readonly path: string;
}

export interface ReadDecision {
  readonly allowed: boolean;
  /** As `HostDecision.rule`. */
  readonly rule: string | undefined;
}

/** Which folders a script's modules may be read from. */
export class ReadPermission {
  readonly #allow: readonly ReadRule[] | true;
  readonly #deny: readonly ReadRule[] | true;

  constructor(allow: readonly ReadRule[] | true, deny: readonly ReadRule[] | true) {
    this.#allow = allow;
    this.#deny = deny;
  }

  /** @param path one that `realPath` gave, so that neither `..` nor a link leads out of a folder */
  decide(path: string): ReadDecision {
    const denied = ruleFor(this.#deny, path);
    const rule = denied ?? ruleFor(this.#allow, path);
    return { allowed: denied === undefined && rule !== undefined, rule };
  }
}

/**
 * The path without links, `.` and `..`. Of one that does not exist, as much as does: so that a script is not told whether
 * there is a file where it may not read.
 */
export function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    const parent = dirname(whole);
    const isMissing = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
    return isMissing && parent !== whole ? join(realPath(parent), whole.slice(parent.length)) : whole;
  }
}

export function parseReadRule(text: string): ReadRule | NoRule {
  return text === '' || text.includes('\0') || /^[a-z]+:\/\//i.test(text) ? { hint: undefined } : { text, path: resolve(text) };
}

function ruleFor(rules: readonly ReadRule[] | true, path: string): string | undefined {
  return rules === true ? '' : rules.find((rule) => contains(realPath(rule.path), path))?.text;
}

function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
