/** What the bindings use of @exodus/bytes, whose own types bring those of Node.js with them. */

export declare class TextDecoder {
  /** @throws where the label names no encoding */
  constructor(label: string, options: { readonly fatal: boolean; readonly ignoreBOM: boolean });
  /** The name in lower case. */
  readonly encoding: string;
  /** @throws TypeError where it is fatal and the bytes are wrong */
  decode(bytes: Uint8Array, options: { readonly stream: boolean }): string;
}
