import { expect, test } from '@jest/globals';
import { startFakeScript } from '../../support/fake-cell.ts';
import { listenQuestion } from '../../support/server-items.ts';
import { openClient } from '../../support/sockets.ts';

test("a script is told that its peer's close frame has come, before the connection is closed", async () => {
  const { cell } = startFakeScript();
  await cell.endTurn([{ type: 'loaded' }]);
  const { port } = cell.client.answer([], listenQuestion());
  const peer = openClient(`ws://127.0.0.1:${port}/`);
  await peer.owner.first('opened');
  peer.connection.close(3000, 'enough');
  await cell.given('closed');
  expect(cell.events.map(({ type }) => type)).toEqual(['evaluate', 'listening', 'accepted', 'closing', 'closed']);
});
