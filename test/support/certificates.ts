import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, and what issues further ones. */
export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** PEM, encrypted with this passphrase. */
  encryptedKey(passphrase: string): string;
  issue(options?: CertificateOptions): TestCertificate;
}

export interface CertificateOptions {
  /** The common name. */
  readonly name?: string;
  /** Host names and addresses, as subjectAltName. */
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Whether it may issue others. */
  readonly authority?: boolean;
}

const DAY = 24 * 60 * 60 * 1000;

/** An authority of one's own: RFC 5280, made here so that tests need no program for it. */
export function certificateAuthority(name = 'Test Authority'): TestCertificate {
  return make({ name, authority: true }, undefined);
}

/** A certificate that nobody has signed but itself. */
export function selfSigned(options: CertificateOptions = {}): TestCertificate {
  return make(options, undefined);
}

interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
}

function make(options: CertificateOptions, issuer: Issuer | undefined): TestCertificate {
  const { authority = false, hosts = ['127.0.0.1'], name = 'Test' } = options;
  const { notAfter = new Date(Date.now() + DAY), notBefore = new Date(Date.now() - DAY) } = options;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const extensions = [
    // basicConstraints, critical.
    extension('2.5.29.19', true, authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    ...(authority ? [] : [extension('2.5.29.17', false, sequence(...hosts.map(generalName)))]),
  ];
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    issuer?.name ?? subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki,
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', tbs, issuer?.key ?? privateKey);
  const certificate = sequence(tbs, ECDSA_WITH_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    encryptedKey: (passphrase) => privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }),
    issue: (issued = {}) => make(issued, { name: subject, key: privateKey }),
  };
}

/** X.690: a tag, a length, the content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), body]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content);
}

function set(...content: readonly Buffer[]): Buffer {
  return der(0x31, ...content);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) {
      septets.unshift((left & 0x7f) | 0x80);
    }
    bytes.push(...septets);
  }
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, which has years of four digits. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+Z/g, '')}Z`));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

function generalName(host: string): Buffer {
  return isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

function pem(label: string, content: Buffer): string {
  return `-----BEGIN ${label}-----\n${(content.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}
