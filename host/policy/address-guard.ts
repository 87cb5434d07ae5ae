import { lookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { Warn } from '../observe/log.ts';
import { LOCALHOST_ADDRESSES, isLocalhostName, isPublicAddress } from './addresses.ts';
import type { ConnectVerdict, HostPermission } from './host-permission.ts';
import type { Target } from './host-rules.ts';
import { PermissionDenied, adviceOn, lacking } from './permission-denied.ts';
import { PERMISSIONS } from './permission-table.ts';

/** The system's resolver, or another in its place. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface GuardOptions {
  readonly permission: 'connect' | 'import';
  readonly hosts: HostPermission;
  readonly target: Target;
  /** A line for the operator, who may read what a script may not. */
  readonly warn: Warn;
  /** Default: that of the system. */
  readonly resolve?: Resolve | undefined;
}

/**
 * Stands between a script and one host that it asks for: `check` before anything is done, then `resolve`. What it gives
 * out is to be connected to, and the name not to be resolved a second time.
 */
export class AddressGuard {
  /** `any`: it does not matter what the name leads to, nor who resolves it. */
  readonly verdict: ConnectVerdict;
  readonly #options: GuardOptions;
  readonly #rule: string | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
    const { rule, verdict } = options.hosts.decide(options.target);
    this.verdict = verdict;
    this.#rule = rule;
  }

  /** Throws a PermissionDenied where the host may not be connected to, or is an address that may not. */
  check(): void {
    const { permission, target } = this.#options;
    const { host, port } = target;
    const wanted = hostPort(host, port);
    if (this.verdict === 'denied') {
      const what = lacking(`${permission === 'connect' ? 'connecting to' : 'importing from'} ${wanted}`, permission);
      throw new PermissionDenied(PERMISSIONS[permission].denial, what, adviceOn(permission, this.#rule, wanted), this.#rule);
    }
    // A literal address comes by no resolver.
    if (isIP(host) !== 0 && !this.#permits(host)) {
      throw this.#denied(`${host} is`, host, adviceOn(permission, this.#denying(host), wanted));
    }
  }

  /** The addresses that the host leads to and that may be connected to, at least one; rejects where there is none. */
  async resolve(): Promise<readonly LookupAddress[]> {
    const { permission, resolve = lookup, target, warn } = this.#options;
    const { host, port } = target;
    const family = isIP(host);
    if (family !== 0) {
      return [{ address: host, family }];
    }
    const addresses = isLocalhostName(host)
      ? LOCALHOST_ADDRESSES
      : await new Promise<readonly LookupAddress[]>((done, fail) => {
          resolve(host, { all: true }, (error, found) => (error === null ? done(found) : fail(error)));
        });
    const permitted = addresses.filter(({ address }) => this.#permits(address));
    const [first] = addresses;
    if (permitted.length > 0) {
      return permitted;
    }
    if (first === undefined) {
      throw Object.assign(new Error(`${host} leads to no address`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    }
    const rule = this.#denying(first.address);
    const advice = adviceOn(permission, rule, hostPort(first.address, port));
    warn(`${host} leads to ${first.address}, which is ${rule === undefined ? 'not public' : 'denied'}; ${advice}`, 'ERR_AIRLOCK_ADDRESS_DENIED');
    throw this.#denied(`${host} leads to`, first.address, '');
  }

  #permits(address: string): boolean {
    return this.#options.hosts.permitsAddress(address, this.#options.target);
  }

  #denying(address: string): string | undefined {
    return this.#options.hosts.denying({ ...this.#options.target, host: address });
  }

  /** The script is not told the address, if it has not named it. */
  #denied(what: string, address: string, advice: string): PermissionDenied {
    const { permission } = this.#options;
    const message =
      this.#denying(address) !== undefined || isPublicAddress(address)
        ? `${what} an address that is not permitted (permission ${permission})`
        : `${what} an address that is not public; permit that address itself (permission ${permission})`;
    return new PermissionDenied('ERR_AIRLOCK_ADDRESS_DENIED', message, advice, this.#denying(address));
  }
}

/** As it stands in a rule and in a URL: `127.0.0.1:80`, `[::1]:80`. */
export function hostPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
