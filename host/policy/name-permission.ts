import { isPermittableHeader } from '../../wire/handshake-headers.ts';
import type { NoRule } from './host-rules.ts';

/** A name, or what names begin with. */
export interface NameRule {
  readonly text: string;
  readonly name: string;
  readonly isPrefix: boolean;
}

export interface NameDecision {
  readonly allowed: boolean;
  /** As `HostDecision.rule`. */
  readonly rule: string | undefined;
}

/** Which names, of headers or of variables, are permitted. */
export class NamePermission {
  readonly #allow: readonly NameRule[] | true;
  readonly #deny: readonly NameRule[] | true;

  constructor(allow: readonly NameRule[] | true, deny: readonly NameRule[] | true) {
    this.#allow = allow;
    this.#deny = deny;
  }

  decide(name: string): NameDecision {
    const denied = ruleFor(this.#deny, name);
    const rule = denied ?? ruleFor(this.#allow, name);
    return { allowed: denied === undefined && rule !== undefined, rule };
  }
}

function ruleFor(rules: readonly NameRule[] | true, wanted: string): string | undefined {
  return rules === true ? '' : rules.find(({ isPrefix, name }) => (isPrefix ? wanted.startsWith(name) : wanted === name))?.text;
}

export function parseHeaderRule(text: string): NameRule | NoRule {
  const name = text.toLowerCase();
  return isPermittableHeader(name) ? { text, name, isPrefix: false } : { hint: undefined };
}

/** POSIX, 8.1: names of variables hold no `=`; a rule's have no white space or comma either. */
export function parseVariableRule(text: string): NameRule | NoRule {
  const [, name, star] = /^([^\s=,*]+)(\*)?$/.exec(text) ?? [];
  return name === undefined ? { hint: text === '*' ? 'true permits all' : undefined } : { text, name, isPrefix: star !== undefined };
}
