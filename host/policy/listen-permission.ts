import { isIP } from 'node:net';
import { parseAddress } from './addresses.ts';
import { coversHost, fits, namesHost, parseHostRule, parsePorts, type HostRule, type NoRule } from './host-rules.ts';

export interface ListenDecision {
  readonly allowed: boolean;
  /** As `HostDecision.rule`. */
  readonly rule: string | undefined;
}

/** At which addresses and ports a script may listen. */
export class ListenPermission {
  readonly #allow: readonly HostRule[] | true;
  readonly #deny: readonly HostRule[] | true;

  constructor(allow: readonly HostRule[] | true, deny: readonly HostRule[] | true) {
    this.#allow = allow;
    this.#deny = deny;
  }

  /** An empty address stands for all interfaces; port 0 for any free one. */
  decide(address: string, port: number): ListenDecision {
    const denied = this.denying(address, port);
    if (denied !== undefined) {
      return { allowed: false, rule: denied };
    }
    if (this.#allow === true) {
      return { allowed: true, rule: '' };
    }
    const wanted = parseAddress(address);
    const rule = this.#allow.find(
      (each) => fits(each, { port, secure: false }) && (each.host.kind === 'any' || (wanted !== undefined && namesHost(each, wanted))),
    );
    return { allowed: rule !== undefined, rule: rule?.text };
  }

  /** The rule that denies it: empty where everything is denied, undefined where none does. */
  denying(address: string, port: number): string | undefined {
    if (this.#deny === true) {
      return '';
    }
    const fitting = this.#deny.filter((rule) => fits(rule, { port, secure: false }));
    const wanted = parseAddress(address);
    // All interfaces are every address, those that the rule denies among them.
    const isEvery = wanted === undefined || wanted.range() === 'unspecified';
    return fitting.find((rule) => isEvery || coversHost(rule, wanted))?.text;
  }
}

/** A port or ports of any address, or an address or range with or without ports. */
export function parseListenRule(text: string): HostRule | NoRule {
  if (/^[\d-]+$/.test(text)) {
    const ports = parsePorts(text);
    return 'hint' in ports ? ports : { text, host: { kind: 'any' }, ports, secure: false };
  }
  const host = text.replace(/^(?:[^:]+\.)?localhost\.?(?=:|$)/i, '127.0.0.1');
  const rule = parseHostRule(host, 'wss://');
  if ('hint' in rule) {
    return rule;
  }
  // A name may lead elsewhere tomorrow.
  return rule.secure || rule.host.kind === 'name' ? { hint: undefined } : { ...rule, text };
}

/** As it stands in a rule: `127.0.0.1:80`, `[::1]:80`; the port alone for all interfaces. */
export function listenRule(address: string, port: number): string {
  return address === '' ? `${port}` : isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
