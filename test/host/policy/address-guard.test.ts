import type { LookupAddress } from 'node:dns';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressGuard, type Resolve } from '../../../host/policy/address-guard.ts';
import { targetOf } from '../../../host/policy/host-rules.ts';
import { Permissions, type PermissionOptions } from '../../../host/policy/permissions.ts';
import { BLOCKED_IPV4, EMBEDDED_FORMS, TEXTUAL_FORMS, blockedIPv4 } from '../../support/address-forms.ts';

const warnings: string[] = [];

function guardOf(permissions: PermissionOptions, url: string, resolve?: Resolve): AddressGuard {
  warnings.length = 0;
  return new Permissions(permissions).guardConnect(targetOf(new URL(url)), (message) => warnings.push(message), resolve);
}

/** A resolver that gives the next of these answers each time. */
function answering(...answers: readonly (readonly string[])[]): Resolve & { readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (host, _options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    setImmediate(() => callback(null, addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }))));
  };
  return Object.assign(resolve, { asked });
}

const outcomeOf = async (guard: AddressGuard): Promise<readonly string[] | string> => {
  try {
    guard.check();
    return (await guard.resolve()).map(({ address }) => address);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a literal address', () => {
  test.each(BLOCKED_IPV4)('of %s is refused under a rule for any host, however it is written', (range) => {
    fc.assert(
      fc.property(blockedIPv4(range), fc.constantFrom(...TEXTUAL_FORMS), fc.constantFrom('ws', 'wss'), (address, [, write], scheme) => {
        expect(() => guardOf({ connect: ['*'] }, `${scheme}://${write(address)}/`).check()).toThrow(
          expect.objectContaining({ code: 'ERR_AIRLOCK_ADDRESS_DENIED' }),
        );
      }),
    );
  });

  test.each(BLOCKED_IPV4)('of %s is refused in whatever IPv6 address it stands', (range) => {
    fc.assert(
      fc.property(blockedIPv4(range), fc.constantFrom(...EMBEDDED_FORMS), (address, [, embed]) => {
        expect(() => guardOf({ connect: ['*'] }, `ws://[${embed(address)}]/`).check()).toThrow(
          expect.objectContaining({ code: 'ERR_AIRLOCK_ADDRESS_DENIED' }),
        );
      }),
    );
  });

  test('that a deny list has is refused in whatever IPv6 address it stands, though all else is permitted', () => {
    const permissions = { connect: true, deny: { connect: ['10.0.0.0/8'] } };
    fc.assert(
      fc.property(blockedIPv4('10.0.0.0/8'), fc.constantFrom(...EMBEDDED_FORMS), (address, [, embed]) => {
        expect(() => guardOf(permissions, `ws://[${embed(address)}]/`).check()).toThrow('(permission connect)');
      }),
    );
  });

  test('is told what opens it, and what does not', () => {
    expect(() => guardOf({ connect: ['*'] }, 'ws://10.0.0.1:8080/').check()).toThrow(
      expect.objectContaining({
        message: '10.0.0.1 is an address that is not public; permit that address itself (permission connect)',
        advice: 'allow it with --allow-connect=10.0.0.1:8080',
      }),
    );
    expect(() => guardOf({ connect: true, deny: { connect: ['10.0.0.0/8'] } }, 'ws://10.0.0.1:8080/').check()).toThrow(
      expect.objectContaining({
        message: 'connecting to 10.0.0.1:8080 is not permitted (permission connect)',
        advice: '--deny-connect=10.0.0.0/8 denies it',
      }),
    );
  });
});

describe('a name', () => {
  const NAME = 'ws://chat.example:8080/';

  test('leads to the addresses that are public, and to no others', async () => {
    const resolve = answering(['10.0.0.1', '93.184.216.34', '::1', '2606:2800:220:1:248:1893:25c8:1946']);
    expect(await outcomeOf(guardOf({ connect: ['chat.example'] }, NAME, resolve))).toEqual(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946']);
  });

  test('is resolved once: an answer that changes is never seen', async () => {
    const resolve = answering(['93.184.216.34'], ['127.0.0.1']);
    expect(await outcomeOf(guardOf({ connect: ['chat.example'] }, NAME, resolve))).toEqual(['93.184.216.34']);
    expect(resolve.asked).toEqual(['chat.example']);
  });

  test('that leads to private addresses only is refused; the operator is told the address, and the flag', async () => {
    const guard = guardOf({ connect: ['chat.example'] }, NAME, answering(['fd00:ec2::254', '10.0.0.1']));
    await expect(guard.resolve()).rejects.toMatchObject({
      code: 'ERR_AIRLOCK_ADDRESS_DENIED',
      message: 'chat.example leads to an address that is not public; permit that address itself (permission connect)',
      advice: '',
    });
    expect(warnings).toEqual(['chat.example leads to fd00:ec2::254, which is not public; allow it with --allow-connect=[fd00:ec2::254]:8080']);
  });

  test('that leads to a link-local address of a zone is refused', async () => {
    expect(await outcomeOf(guardOf({ connect: ['chat.example'] }, NAME, answering(['fe80::1%eth0'])))).toBe('ERR_AIRLOCK_ADDRESS_DENIED');
  });

  test.each<[string, PermissionOptions, string]>([
    ['the address', { connect: ['chat.example', '10.0.0.1'] }, '10.0.0.1'],
    ['its range', { connect: ['chat.example', '10.0.0.0/8:8080'] }, '10.0.0.1'],
    ['its range of IPv6', { connect: ['*', '[fd00::/8]:8000-8999'] }, 'fd00::1'],
    ['the link-local range, whatever the zone', { connect: ['*', 'fe80::/10'] }, 'fe80::1%eth0'],
    ['everything', { connect: true }, '127.0.0.1'],
  ])('leads to a private address where a rule opens %s', async (_what, permissions, address) => {
    expect(await outcomeOf(guardOf(permissions, NAME, answering([address])))).toEqual([address]);
  });

  test.each<[string, PermissionOptions, string]>([
    ['its range is open at another port', { connect: ['chat.example', '10.0.0.0/8:80'] }, '10.0.0.1'],
    ['its range is open with TLS', { connect: ['chat.example', 'wss://10.0.0.0/8'] }, '10.0.0.1'],
    ['only the translated address behind it is open', { connect: ['chat.example', '10.0.0.1'] }, '64:ff9b::a00:1'],
    ['a deny list has its range', { connect: true, deny: { connect: ['10.0.0.0/8'] } }, '10.0.0.1'],
    ['a deny list has what a translator makes of it', { connect: true, deny: { connect: ['10.0.0.0/8'] } }, '64:ff9b::a00:1'],
    ['a deny list has its very address, and a rule its range', { connect: ['*', '10.0.0.0/8'], deny: { connect: ['10.0.0.1'] } }, '10.0.0.1'],
    ['it is public, and a deny list has it', { connect: ['chat.example'], deny: { connect: ['93.184.216.0/24'] } }, '93.184.216.34'],
    ['it is loopback, and localhost is denied', { connect: true, deny: { connect: ['localhost'] } }, '127.0.0.2'],
  ])('leads nowhere where %s', async (_what, permissions, address) => {
    expect(await outcomeOf(guardOf(permissions, NAME, answering([address])))).toBe('ERR_AIRLOCK_ADDRESS_DENIED');
  });

  test('is left to others to resolve only where it does not matter what it leads to', () => {
    expect(guardOf({ connect: true }, NAME).verdict).toBe('any');
    expect(guardOf({ connect: true, deny: { connect: ['evil.example'] } }, NAME).verdict).toBe('any');
    expect(guardOf({ connect: true, deny: { connect: ['10.0.0.0/8'] } }, NAME).verdict).toBe('guarded');
    expect(guardOf({ connect: ['chat.example'] }, NAME).verdict).toBe('guarded');
  });
});

describe('localhost', () => {
  test.each(['ws://localhost/', 'ws://LOCALHOST/', 'ws://localhost./', 'ws://local%68ost/', 'ws://loc\u00adalhost/'])('is opened by its name, as %s', async (url) => {
    expect(await outcomeOf(guardOf({ connect: ['localhost'] }, url, answering(['127.0.0.1', '::1'])))).toEqual(['127.0.0.1', '::1']);
  });

  test.each([
    ['localhost', 'ws://localhost/'],
    ['localhost', 'ws://localhost./'],
    ['a.localhost', 'ws://a.localhost/'],
    ['a.localhost.', 'ws://A.localhost/'],
    ['*.localhost', 'ws://a.b.localhost./'],
  ])('by the rule %s, leads to loopback and no resolver is asked: %s', async (rule, url) => {
    expect(await outcomeOf(guardOf({ connect: [rule] }, url, answering(['10.0.0.1'])))).toEqual(['127.0.0.1', '::1']);
  });

  test('opens no name below it, which may be another site of the same server', async () => {
    expect(await outcomeOf(guardOf({ connect: ['localhost'] }, 'ws://a.localhost/'))).toBe('ERR_AIRLOCK_CONNECT_DENIED');
    expect(await outcomeOf(guardOf({ connect: ['*.localhost'] }, 'ws://localhost/'))).toBe('ERR_AIRLOCK_CONNECT_DENIED');
  });

  test('opens no other name that leads to loopback', async () => {
    expect(await outcomeOf(guardOf({ connect: ['localhost', 'chat.example'] }, 'ws://chat.example/', answering(['127.0.0.1'])))).toBe('ERR_AIRLOCK_ADDRESS_DENIED');
  });

  test('keeps to what is denied of loopback', async () => {
    expect(await outcomeOf(guardOf({ connect: ['localhost'], deny: { connect: ['::1'] } }, 'ws://localhost/'))).toEqual(['127.0.0.1']);
  });

  test.each(['ws://localhost/', 'ws://localhost./', 'ws://a.localhost/', 'ws://A.LOCALHOST./'])('is not opened by a rule for any host, as %s', async (url) => {
    expect(await outcomeOf(guardOf({ connect: ['*'] }, url, answering(['127.0.0.1'])))).toBe('ERR_AIRLOCK_ADDRESS_DENIED');
  });

});
