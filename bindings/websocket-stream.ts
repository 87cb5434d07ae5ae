import { TypeErrorConstructor } from './primordials.ts';
import { isAbortSignal } from './web/abort-algorithms.ts';
import { defineInterface, illegalInvocation, requireArguments } from './web/define.ts';
import { rejected } from './web/promises.ts';
import { dictionary, usvString } from './web/webidl.ts';
import { checkProtocols, socketURL } from './websocket-arguments.ts';
import { closeInfo, type CloseInfo } from './websocket-close-info.ts';
import { streamOptions } from './websocket-options.ts';
import { StreamConnection, type WebSocketOpenInfo } from './websocket-stream-connection.ts';

const FAILED = "Failed to construct 'WebSocketStream'";

let own: (value: unknown) => WebSocketStream;

/**
 * The draft of WebSocketStream for the WebSockets Standard, as Chromium has it. A promise that the draft marks as handled
 * is no uncaught error where the script does not look at it.
 */
export class WebSocketStream {
  readonly #url: string;
  readonly #connection: StreamConnection;

  constructor(url: unknown, options: unknown = undefined) {
    requireArguments(arguments.length, 1, FAILED);
    const given = usvString(url);
    const members = dictionary<{ readonly signal: unknown }>(options, FAILED);
    // Web IDL: the members in the order of their names, of which `signal` is the last.
    const connectOptions = streamOptions(members, FAILED);
    const { signal } = members;
    if (signal !== undefined && !isAbortSignal(signal)) {
      throw new TypeErrorConstructor(`${FAILED}: The member signal is not an AbortSignal.`);
    }
    this.#url = socketURL(given, FAILED);
    checkProtocols(connectOptions.protocols, FAILED);
    this.#connection = new StreamConnection(this.#url, connectOptions, signal);
  }

  static {
    own = (value) => {
      if (typeof value !== 'object' || value === null || !(#connection in value)) {
        throw illegalInvocation('WebSocketStream');
      }
      return value;
    };
  }

  get url(): string {
    return own(this).#url;
  }

  // Web IDL: an attribute whose type is a promise does not throw.
  get opened(): Promise<WebSocketOpenInfo> {
    try {
      return own(this).#connection.opening.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  get closed(): Promise<CloseInfo> {
    try {
      return own(this).#connection.closing.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  close(info: unknown = undefined): void {
    const connection = own(this).#connection;
    connection.close(closeInfo(info, "Failed to execute 'close' on 'WebSocketStream'"));
  }
}

defineInterface(WebSocketStream, 'WebSocketStream', ['url', 'opened', 'closed', 'close']);
