/**
 * An echo server that lives in an entity: what a client sends comes back as it was, text as text and binary as binary.
 *
 * A server entity script, in the form of a class. Its argument: the port (default: any free one).
 *
 *     airlock run scripts-examples/entity/server/echo-server-entity.js --type server-entity \
 *       --allow-listen=127.0.0.1:0
 *
 * `interface/binary.js` is a client for it.
 */

// The value of the last expression is what an entity script is: a constructor, and so a class will do.
(
  /** @implements {EntityScript} */
  class {
    #echoed = 0;
    /** @type {WebSocketServer | undefined} */
    #server;

    preload() {
      this.#server = new WebSocketServer({ port: Number(Script.args[0] ?? 0), host: '127.0.0.1' });
      this.#server.newConnection.connect(this, this.echo);
      print(`echoing on ${this.#server.url}`);
    }

    /** @param {WebSocket} socket */
    echo(socket) {
      socket.onmessage = ({ data }) => {
        socket.send(data);
        this.#echoed++;
      };
      socket.onclose = ({ code, reason }) => print(`a client left with ${code} ${reason}`);
    }

    unload() {
      print(`echoed ${this.#echoed} messages`);
      // Whoever is still connected hears 1001, "Server closing."
      this.#server?.close();
    }
  }
);
