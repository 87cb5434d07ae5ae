import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { PermissionDenied, adviceOn } from './permission-denied.ts';
import type { PermissionName } from './permission-table.ts';

/** What the system's resolver, or a test's, is asked with. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Stands between a name that is permitted and the addresses that it leads to. */
export interface AddressGuard {
  readonly permission: PermissionName;
  /** Whether this address may be connected to. */
  permits(address: string): boolean;
  /** The rule that denies it, where one does. */
  denying(address: string): string | undefined;
  /** Told the first address, where none is permitted. It is not for the script. */
  readonly onDenied: (address: string) => void;
}

/**
 * Resolves a name, once, and gives out only addresses that the guard permits: what was checked is what is to be connected
 * to. Rejects with ERR_AIRLOCK_ADDRESS_DENIED where there is none.
 */
export async function resolveGuarded(host: string, guard: AddressGuard, resolve: Resolve = lookup): Promise<readonly LookupAddress[]> {
  const addresses = await new Promise<LookupAddress[]>((done, fail) => {
    resolve(host, { all: true }, (error, found) => (error === null ? done(found) : fail(error)));
  });
  const permitted = addresses.filter(({ address }) => guard.permits(address));
  if (permitted.length === 0) {
    const [first] = addresses;
    guard.onDenied(first?.address ?? '');
    throw addressDenied(host, guard, first?.address);
  }
  return permitted;
}

/** Throws ERR_AIRLOCK_ADDRESS_DENIED for a literal address that is not permitted, which no lookup would see. */
export function checkLiteral(host: string, guard: AddressGuard, port: number): void {
  if (isIP(host) !== 0 && !guard.permits(host)) {
    const wanted = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
    throw addressDenied(host, guard, host, wanted);
  }
}

/** `wanted`: what a flag would have to say; without it, the log has said it. */
function addressDenied(host: string, guard: AddressGuard, address: string | undefined, wanted?: string): PermissionDenied {
  const rule = address === undefined ? undefined : guard.denying(address);
  return new PermissionDenied(
    'ERR_AIRLOCK_ADDRESS_DENIED',
    `connecting to ${host}, ${isIP(host) === 0 ? 'which leads to an address that is not public' : 'an address that is not public'},`,
    guard.permission,
    wanted === undefined ? '' : adviceOn(guard.permission, rule, wanted),
  );
}
