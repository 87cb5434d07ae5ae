import * as z from 'zod';

/**
 * What the host trusts and says of itself in TLS. It can only make the checks stricter, or trust more authorities; no
 * option turns a check off. A text with `-----BEGIN` is taken for PEM itself, any other for the path of a PEM file.
 */
export interface TlsOptions {
  /** Authorities, beside those of Node.js and of the system. */
  readonly ca?: string | readonly string[] | undefined;
  /** The client's certificate, with those between it and its authority behind it. It needs a `key`. */
  readonly cert?: string | undefined;
  /** The client certificate's key. It needs a `cert`. */
  readonly key?: string | undefined;
  /** Where the key is encrypted. */
  readonly passphrase?: string | undefined;
  /** The name that the server is asked for and its certificate must have, in place of the URL's host. */
  readonly servername?: string | undefined;
  /** Default: TLSv1.2. */
  readonly minVersion?: TlsVersion | undefined;
}

/** TLS options for some hosts. */
export interface TlsRule extends TlsOptions {
  /** `example.com`, `*.example.com:443`, `127.0.0.1:8443`, `[::1]`, `*`. Default: every host. */
  readonly hosts?: readonly string[] | undefined;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

const text = z.string().min(1);

const tlsRule = z
  .strictObject({
    hosts: z.array(text).min(1).optional(),
    ca: z.union([text, z.array(text)]).optional(),
    cert: text.optional(),
    key: text.optional(),
    passphrase: z.string().optional(),
    servername: text.regex(/^[A-Za-z0-9._-]+$/, 'must be a host name').optional(),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional(),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key are given together');

/** One object, or a list of rules. */
export const tlsOptions = z.union([tlsRule, z.array(tlsRule)], {
  error: (issue) => unionMessage(issue.errors as readonly (readonly z.core.$ZodIssue[])[] | undefined),
});

/** What a server of a script shows and asks for, by the name under which scripts ask for it. PEM, or paths, as above. */
export interface ServerTlsOptions {
  /** The certificate, with those between it and its authority behind it. */
  readonly cert: string;
  readonly key: string;
  /** Where the key is encrypted. */
  readonly passphrase?: string | undefined;
  /** Authorities of clients' certificates. */
  readonly ca?: string | readonly string[] | undefined;
  /**
   * Whether clients are asked for a certificate. One that `ca` does not vouch for is refused; `required`: one that shows
   * none, too. Default: false.
   */
  readonly requestClientCertificate?: boolean | 'required' | undefined;
  /** Default: TLSv1.2. */
  readonly minVersion?: TlsVersion | undefined;
}

const serverTls = z
  .strictObject({
    cert: text,
    key: text,
    passphrase: z.string().optional(),
    ca: z.union([text, z.array(text)]).optional(),
    requestClientCertificate: z.union([z.boolean(), z.literal('required')]).optional(),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional(),
  })
  .refine(
    ({ ca, requestClientCertificate = false }) => requestClientCertificate === false || ca !== undefined,
    'requestClientCertificate needs a ca, whose clients are let in',
  );

export const serverTlsOptions = z
  .record(z.string(), serverTls)
  .refine(
    (names) => Object.keys(names).every((name) => /^[A-Za-z0-9._-]{1,64}$/.test(name)),
    'a name has up to 64 letters, digits, dots, dashes and underscores',
  );

/** zod's own message of a union says only that none of it fits. */
function unionMessage(errors: readonly (readonly z.core.$ZodIssue[])[] | undefined): string {
  const said = (errors ?? []).flat().filter(({ code, path }) => code !== 'invalid_type' || path.length > 0);
  const [first] = said;
  return first === undefined ? 'must be an object or a list of objects' : `${first.path.join('.')}${first.path.length > 0 ? ': ' : ''}${first.message}`;
}
