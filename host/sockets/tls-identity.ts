import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { AirlockError, messageOf, readingProblem } from '../errors.ts';

/** A certificate and its key, as the configuration gives them: PEM, or the path of a PEM file. */
export interface IdentityOptions {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** The same as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

/** Reads a certificate and its key. `where` is what error messages call the configuration that they stand in. */
export async function readIdentity(where: string, { cert = '', key = '', passphrase }: IdentityOptions): Promise<Identity> {
  return {
    cert: await pemOf(`${where}.cert`, cert),
    key: await pemOf(`${where}.key`, key),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/** The same, and throws ERR_AIRLOCK_TLS_INVALID where they do not fit each other. */
export async function loadIdentity(where: string, options: IdentityOptions): Promise<Identity> {
  const { cert = '', key = '' } = options;
  const identity = await readIdentity(where, options);
  attempt(`${where}.cert: ${named(cert)} is not a certificate`, () => new X509Certificate(identity.cert));
  const privateKey = attempt(`${where}.key: ${named(key)} is not a key, or its passphrase is not the given one`, () =>
    createPrivateKey({ key: identity.key, passphrase: identity.passphrase ?? '' }),
  );
  if (!new X509Certificate(identity.cert).checkPrivateKey(privateKey)) {
    throw invalid(`${where}.key: ${named(key)} is not the key of the certificate ${named(cert)}`);
  }
  attempt(`${where}.cert: ${named(cert)} and ${where}.key cannot be used`, () => tls.createSecureContext(identity));
  return identity;
}

/** Reads authorities. Throws ERR_AIRLOCK_TLS_INVALID where one of them holds something else. */
export async function checkAuthorities(where: string, ca: string | readonly string[] | undefined): Promise<readonly string[]> {
  const pems: string[] = [];
  for (const each of list(ca)) {
    const pem = await pemOf(`${where}.ca`, each);
    for (const [certificate] of pem.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END/g)) {
      attempt(`${where}.ca: ${named(each)} holds what is not a certificate`, () => new X509Certificate(`${certificate} CERTIFICATE-----`));
    }
    if (!/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(pem)) {
      throw invalid(`${where}.ca: ${named(each)} holds no certificate`);
    }
    pems.push(pem);
  }
  return pems;
}

export function list(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

export function isPem(value: string): boolean {
  return value.includes('-----BEGIN');
}

/** PEM: the value itself, or what is in the file that it names. */
export async function pemOf(name: string, value: string): Promise<string> {
  if (isPem(value)) {
    return value;
  }
  let text: string;
  try {
    text = await readFile(value, 'utf8');
  } catch (error) {
    const reason = readingProblem(error);
    throw new AirlockError('ERR_AIRLOCK_TLS_INVALID', `${name}: cannot read ${value}: ${reason}`, { cause: error });
  }
  if (!isPem(text)) {
    throw invalid(`${name}: ${value} is not a PEM file`);
  }
  return text;
}

/** How a value is named to the operator: a key itself has no place in a log. */
function named(value: string): string {
  return isPem(value) ? 'the given text' : value;
}

function attempt<Value>(problem: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new AirlockError('ERR_AIRLOCK_TLS_INVALID', `${problem}: ${messageOf(error)}`, { cause: error });
  }
}

function invalid(message: string): AirlockError {
  return new AirlockError('ERR_AIRLOCK_TLS_INVALID', message);
}
