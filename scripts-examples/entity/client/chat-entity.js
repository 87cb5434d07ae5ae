/**
 * A guest of `assignment-client/chat-server.js` that lives in an entity: it connects in `preload`, when a visitor meets
 * the entity, and leaves the room at the latest in `unload`.
 *
 * A client entity script, in the form of a constructor. Its arguments: the server's address and the name (default:
 * entity).
 *
 *     airlock run scripts-examples/entity/client/chat-entity.js --type client-entity --allow-connect=127.0.0.1 \
 *       -- ws://127.0.0.1:PORT
 *
 * It keeps to the rule of `interface/chat-client.js`: the first line when it hears of somebody, the next one whenever
 * that one has said something.
 */

const [url, me = 'entity'] = Script.args;
if (url === undefined) {
  throw new Error('Say where the chat server listens: -- ws://127.0.0.1:PORT');
}

// The value of the last expression is what an entity script is: a constructor.
(
  /** @this {EntityScript} */
  function () {
    const lines = ['Hello! An entity speaking.', 'In an isolate of my own.', 'Good night!'];
    let said = 0;
    let partner = '';
    /** @type {WebSocket | undefined} */
    let socket;

    this.preload = (entityID) => {
      print(`the entity ${entityID} connects to ${url}`);
      socket = new WebSocket(url);
      socket.addEventListener('open', () => send({ join: me }));
      socket.addEventListener('message', ({ data }) => hear(JSON.parse(String(data))));
      socket.addEventListener('error', ({ error, message }) => print(`error ${error}: ${message}`));
      socket.addEventListener('close', ({ code, reason }) => {
        print(`closed with ${code} ${reason}`);
        Script.stop();
      });
    };

    this.unload = () => {
      // Does nothing where the conversation has ended by itself.
      socket?.close(WebSocket.CloseCode.GoingAway, 'the entity is gone');
    };

    /** @param {{ joined?: string, from?: string, said?: string, left?: string }} message */
    function hear(message) {
      if (message.joined !== undefined && message.joined !== me && partner === '') {
        partner = message.joined;
        sayNext();
      } else if (message.from !== undefined && message.from === partner) {
        print(`${message.from}: ${message.said}`);
        sayNext();
      } else if (message.left !== undefined && message.left === partner) {
        socket?.close(3002, 'nobody to talk to');
      }
    }

    function sayNext() {
      const line = lines[said++];
      if (line === undefined) {
        socket?.close(3003, 'the entity sleeps');
      } else {
        send({ say: line });
      }
    }

    /** @param {object} message */
    function send(message) {
      socket?.send(JSON.stringify(message));
    }
  }
);
