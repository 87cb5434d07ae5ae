/**
 * A guest of `assignment-client/chat-server.js` that lives in an entity: it connects in `preload`, when a visitor meets
 * the entity, and is gone at the latest with `unload`.
 *
 * A client entity script, in the form of a constructor function. Its arguments: the server's address and the name
 * (default: entity).
 *
 *     airlock run scripts-examples/entity/client/chat-entity.js --type client-entity --allow-connect=127.0.0.1 \
 *       -- ws://127.0.0.1:PORT
 *
 * Its conversation keeps to the rule that stands in `interface/chat-client.js`.
 */

const [url, me = 'entity'] = Script.args;
if (url === undefined) {
  throw new Error('Say where the chat server listens: -- ws://127.0.0.1:PORT');
}

// The value of the last expression is what an entity script is: a constructor.
(
  /** @this {EntityScript} */
  function () {
    const lines = ['Hello! I live in an entity.', 'We share nothing but this room, then.', 'Sleep well.'];
    let joined = false;
    let partner = '';
    /** @type {WebSocket | undefined} */
    let socket;

    this.preload = (entityID) => {
      print(`${entityID} connects to ${url}`);
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
      // Where the conversation has come to its end, the socket is closed already and this does nothing.
      socket?.close(WebSocket.CloseCode.GoingAway, 'the entity is gone');
    };

    /** @param {{ joined?: string, from?: string, said?: string, left?: string }} message */
    function hear(message) {
      if (message.joined === me) {
        joined = true;
      } else if (message.joined !== undefined && partner === '') {
        partner = message.joined;
        if (joined) {
          sayNext();
        }
      } else if (message.from === partner) {
        print(`${partner}: ${message.said}`);
        sayNext();
      } else if (message.left === partner) {
        leave();
      }
    }

    function sayNext() {
      const line = lines.shift();
      if (line === undefined) {
        leave();
      } else {
        send({ say: line });
      }
    }

    function leave() {
      // Codes from 3000 on are for applications to give a meaning to.
      socket?.close(3001, 'the entity sleeps');
    }

    /** @param {object} message */
    function send(message) {
      socket?.send(JSON.stringify(message));
    }
  }
);
