import { compileSchema, type AnyItem, type Handlers, type ItemOf } from './fields.ts';

/**
 * Everything that the host tells a script, in the order in which it happened. A turn carries a batch of these.
 *
 * Socket ids are per script: the script numbers the sockets that it opens with even numbers, the host numbers accepted
 * ones with odd numbers.
 */
export const EVENTS = {
  /** A text message. */
  text: { code: 1, fields: { socket: 'uint', data: 'text' } },
  /** A binary message. */
  binary: { code: 2, fields: { socket: 'uint', data: 'bytes' } },
  /** The handshake of a socket that the script opened is done. */
  opened: { code: 3, fields: { socket: 'uint', protocol: 'string', extensions: 'string' } },
  /**
   * A server has accepted a connection: a new socket, already open. `request`: what the script was asked about, and then
   * `target`, `headers` and `certificate` are empty; or 0. `headers`: those of the request, as `name: value`, a line for each.
   * `attachment`: what the script gave by `attach`, where it has had the socket before.
   */
  accepted: {
    code: 4,
    fields: {
      server: 'uint',
      socket: 'uint',
      request: 'uint',
      url: 'string',
      protocol: 'string',
      extensions: 'string',
      remoteAddress: 'string',
      remotePort: 'uint',
      target: 'string',
      headers: 'string',
      certificate: 'string',
      attachment: 'bytes',
    },
