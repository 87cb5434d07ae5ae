import { isLoopback, isPublicAddress, parseAddress } from './addresses.ts';
import { coversHost, fits, hostOf, isForLocalhost, isLocalhost, namesHost, type HostRule, type Target } from './host-rules.ts';

export type ConnectVerdict =
  /** Whatever the name leads to may be connected to. */
  | 'any'
  /** Each address is to be checked by `permitsAddress`. */
  | 'guarded'
  | 'denied';

export interface HostDecision {
  readonly verdict: ConnectVerdict;
  /** The rule that decides: of the deny list where it is denied. Empty for a list that is `true`, undefined for none. */
  readonly rule: string | undefined;
}

/** Which hosts may be connected to. */
export class HostPermission {
  readonly #allow: readonly HostRule[] | true;
  readonly #deny: readonly HostRule[] | true;
  /** Whether what a name leads to may be denied, although the name is not. */
  readonly #deniesAddresses: boolean;

  constructor(allow: readonly HostRule[] | true, deny: readonly HostRule[] | true) {
    this.#allow = allow;
    this.#deny = deny;
    this.#deniesAddresses = deny !== true && deny.some((rule) => rule.host.kind === 'range' || isLocalhost(rule));
  }

  decide(target: Target): HostDecision {
    const host = hostOf(target.host);
    const denied = this.denying(target);
    if (denied !== undefined) {
      return { verdict: 'denied', rule: denied };
    }
    const unguarded = typeof host === 'string' && this.#deniesAddresses ? 'guarded' : 'any';
    if (this.#allow === true) {
      return { verdict: unguarded, rule: '' };
    }
    const fitting = this.#allow.filter((rule) => fits(rule, target));
    const naming = fitting.find((rule) => namesHost(rule, host));
    if (naming !== undefined) {
      const opens = typeof host !== 'string' || isForLocalhost(naming);
      return { verdict: opens ? unguarded : 'guarded', rule: naming.text };
    }
    const any = fitting.find((rule) => rule.host.kind === 'any');
    return any === undefined ? { verdict: 'denied', rule: undefined } : { verdict: 'guarded', rule: any.text };
  }

  /**
   * Whether this address may be connected to, where the target, which leads to it, may be: a public one, or one that a
   * rule opens, and none that is denied.
   */
  permitsAddress(address: string, target: Target): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined || this.denying({ ...target, host: address }) !== undefined) {
      return false;
    }
    if (this.#allow === true) {
      return true;
    }
    const host = hostOf(target.host);
    const fitting = this.#allow.filter((rule) => fits(rule, target));
    return (
      isPublicAddress(address) ||
      fitting.some((rule) => namesHost(rule, parsed)) ||
      (isLoopback(parsed) && fitting.some((rule) => isForLocalhost(rule) && namesHost(rule, host)))
    );
  }

  /** The rule that denies it: empty where everything is denied, undefined where none does. */
  denying(target: Target): string | undefined {
    if (this.#deny === true) {
      return '';
    }
    const host = hostOf(target.host);
    return this.#deny.find((rule) => fits(rule, target) && coversHost(rule, host))?.text;
  }
}
