import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { CellDeath } from '../../../host/cells/cell.ts';
import type { Hold } from '../../../host/script/hold.ts';
import type { Command } from '../../../wire/commands.ts';
import type { Event, EventOf } from '../../../wire/events.ts';
import { startFakeScript, type FakeCell, type FakeScript, type FakeScriptOptions } from '../../support/fake-cell.ts';
import { listenQuestion } from '../../support/server-items.ts';
import { openClient, send, type TestClient } from '../../support/sockets.ts';

const DEATH: CellDeath = { what: 'process', message: 'was ended by SIGKILL', blamed: 'other.js' };

interface Served {
  readonly script: FakeScript;
  readonly port: number;
}

/** A script with a server, between two turns. `commands`: what its first turn gives besides. */
async function serving(options?: FakeScriptOptions, commands: readonly Command[] = []): Promise<Served> {
  const script = startFakeScript({ onFault: 'hold', ...options, limits: { restartDelay: 1, ...options?.limits } });
  await script.cell.turnBegins();
  const { port } = script.cell.client.answer([], listenQuestion()) as { port: number };
  await script.cell.endTurn([...commands, { type: 'loaded' }]);
  await script.cell.given('listening');
  await script.cell.endTurn();
  return { script, port };
}

function sendText(client: TestClient, text: string): void {
  send(client.connection, { type: 'sendText', data: text });
  client.connection.flush();
}

/** A client that the script has been told of; the turn that tells it is under way. */
async function accepted(cell: FakeCell, port: number): Promise<{ readonly client: TestClient; readonly event: EventOf<'accepted'> }> {
  const told = cell.events.length;
  const client = openClient(`ws://127.0.0.1:${port}/path?query`);
  await client.owner.first('opened');
  for (;;) {
    await cell.turnBegins();
    const event = cell.events.slice(told).find(({ type }) => type === 'accepted');
    if (event !== undefined) {
      return { client, event: event as EventOf<'accepted'> };
    }
    await cell.endTurn();
  }
}

/** Gives the cell that the script is placed in when its cell has died. */
async function next({ cell, laterCells, script }: FakeScript): Promise<FakeCell> {
  const restarted = once(script, 'restarted');
  (laterCells.at(-1) ?? cell).client.died(DEATH);
  await restarted;
  const later = laterCells.at(-1) as FakeCell;
  await later.turnBegins();
  return later;
}

/** Lets turns begin and end until the script has got this text. */
async function gets(cell: FakeCell, text: string): Promise<void> {
  while (!cell.events.some((event) => event.type === 'text' && textOf(event) === text)) {
    await cell.endTurn();
    await cell.turnBegins();
  }
}

function textOf({ data }: EventOf<'text'>): string {
  return Buffer.from(data as Uint8Array).toString();
}

/** What a script was told of its sockets. */
function told(events: readonly Event[]): unknown[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case 'accepted':
      case 'closing':
        return [[event.type, event.socket]];
      case 'text':
        return [[event.type, event.socket, textOf(event)]];
      case 'closed':
        return [[event.type, event.socket, event.code]];
      default:
        return [];
    }
  });
}

/** Resolves when what is on its way through the kernel has come. */
async function looped(): Promise<void> {
  for (let loops = 0; loops < 20; loops++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the connections of a server, when its cell has died', () => {
  test('are announced once more with the same request and attachment, under new numbers; of their messages, only those of the turn that was under way are lost', async () => {
    const { port, script } = await serving();
    const { cell } = script;
    const gone = await accepted(cell, port);
    await cell.endTurn();
    const { client, event } = await accepted(cell, port);
    await cell.endTurn([{ type: 'attach', socket: event.socket, data: Buffer.from('kept') }]);
    gone.client.connection.terminate();
    await cell.given('closed');
    await cell.endTurn();
    sendText(client, 'lost');
    await cell.given('text');
    sendText(client, 'waits 1');
    sendText(client, 'waits 2');
    await looped();
    const later = await next(script);
    sendText(client, 'waits 3');
    later.client.answer([], listenQuestion({ port }));
    await gets(later, 'waits 3');
    const again = later.events.find(({ type }) => type === 'accepted');
    expect({ ...again, attachment: Buffer.from((again as EventOf<'accepted'>).attachment).toString() }).toEqual({ ...event, socket: 1, attachment: 'kept' });
    expect(event).toMatchObject({ socket: 3, target: '/path?query', remoteAddress: '127.0.0.1' });
    expect(told(later.events)).toEqual([['accepted', 1], ['text', 1, 'waits 1'], ['text', 1, 'waits 2'], ['text', 1, 'waits 3']]);
    await later.endTurn([{ type: 'sendText', socket: 1, data: 'answer' }]);
    await client.owner.received(1);
    expect(client.owner.order).toEqual(['opened', 'text']);
  });

  test('are announced also where the script had not been told of them yet', async () => {
    const { port, script } = await serving();
    const first = await accepted(script.cell, port);
    const second = openClient(`ws://127.0.0.1:${port}/second`);
    await second.owner.first('opened');
    sendText(second, 'hello');
    await looped();
    const later = await next(script);
    later.client.answer([], listenQuestion({ port }));
    await gets(later, 'hello');
    expect(told(later.events)).toEqual([['accepted', 1], ['accepted', 3], ['text', 3, 'hello']]);
    first.client.connection.terminate();
  });

  test('are announced and closed, where they have closed and the script had not been told so', async () => {
    const { port, script } = await serving();
    const { client } = await accepted(script.cell, port);
    sendText(client, 'last words');
    client.connection.close(3001, '');
    await client.owner.first('closed');
    await looped();
    const later = await next(script);
    later.client.answer([], listenQuestion({ port }));
    await later.given('closed');
    await later.endTurn();
    expect(told(later.events)).toEqual([['accepted', 1], ['text', 1, 'last words'], ['closing', 1], ['closed', 1, 3001]]);
  });

  test('are closed where the script had begun to close them', async () => {
    const { port, script } = await serving();
    const { client, event } = await accepted(script.cell, port);
    client.connection.pause();
    await script.cell.endTurn([{ type: 'close', socket: event.socket, code: 3002, reason: '' }]);
    const later = await next(script);
    client.connection.resume();
    later.client.answer([], listenQuestion({ port }));
    await later.endTurn([{ type: 'loaded' }]);
    expect(await client.owner.first('closed')).toEqual(['closed', 3002, '', true]);
    expect(told(later.events)).toEqual([]);
  });

  test('come without handshakes that waited for an answer: these get 503, and the script does not hear of them', async () => {
    const { port, script } = await serving({}, [{ type: 'watchRequests', server: 1, upgrades: true, plain: false }]);
    const waiting = openClient(`ws://127.0.0.1:${port}/`);
    await script.cell.given('upgradeRequested');
    const later = await next(script);
    expect(String((await waiting.owner.first('failed'))[2])).toContain('503');
    later.client.answer([], listenQuestion({ port }));
    await later.endTurn([{ type: 'loaded' }]);
    await later.given('listening');
    await later.endTurn();
    expect(later.events.map(({ type }) => type)).toEqual(['evaluate', 'listening']);
  });

  test('outlive several deaths, also of a life in which the script did not listen', async () => {
    const { port, script } = await serving();
    const { client } = await accepted(script.cell, port);
    sendText(client, 'hello');
    await looped();
    await next(script);
    let later = await next(script);
    later.client.answer([], listenQuestion({ port }));
    await looped();
    // What was pushed, but not given, is kept once more.
    later = await next(script);
    later.client.answer([], listenQuestion({ port }));
    await gets(later, 'hello');
    expect(told(later.events)).toEqual([['accepted', 1], ['text', 1, 'hello']]);
  });

  test('go to the server that asks for any free port, where theirs was found so', async () => {
    const { port, script } = await serving();
    const { client } = await accepted(script.cell, port);
    const later = await next(script);
    expect(later.client.answer([], listenQuestion({ port: 0 }))).toMatchObject({ port, code: '' });
    await later.given('accepted');
    expect(later.client.answer([], listenQuestion({ server: 2, port: 0 }))).not.toMatchObject({ port });
    client.connection.terminate();
  });

  test('are closed where another address of the port is asked for', async () => {
    const { port, script } = await serving({ permissions: { listen: true } });
    const { client } = await accepted(script.cell, port);
    const later = await next(script);
    expect(later.client.answer([], listenQuestion({ host: '', port }))).toMatchObject({ port, code: '' });
    expect(await client.owner.first('closed')).toEqual(['closed', 1011, '', true]);
  });

  test('count for the options of the new listener, which hold from then on', async () => {
    const { port, script } = await serving();
    const { client } = await accepted(script.cell, port);
    const later = await next(script);
    later.client.answer([], listenQuestion({ port, path: '/only', maxConnections: 1 }));
    await later.endTurn([{ type: 'loaded' }]);
    await later.given('accepted');
    await later.endTurn();
    const failure = async (path: string): Promise<string> => String((await openClient(`ws://127.0.0.1:${port}${path}`).owner.first('failed'))[2]);
    expect(await failure('/other')).toContain('404');
    expect(await failure('/only')).toContain('503');
    client.connection.terminate();
    await later.given('closed');
    const another = openClient(`ws://127.0.0.1:${port}/only`);
    await another.owner.first('opened');
  });
});

describe('what a script leaves that ends with a fault', () => {
  test('goes to the next one, and ends with it', async () => {
    let left: Hold | undefined;
    const { port, script } = await serving({ onLeft: (hold) => (left = hold) });
    const { client } = await accepted(script.cell, port);
    script.cell.client.blamed(DEATH);
    expect(await script.script.ended).toMatchObject({ reason: 'fault' });
    expect(left?.isEmpty).toBe(false);
    const heir = startFakeScript({ hold: left });
    await heir.cell.turnBegins();
    await heir.script.stop();
    expect(await client.owner.first('closed')).toEqual(['closed', 1001, '', true]);
    expect(left?.isEmpty).toBe(true);
  });

  test('is nothing where it was ending anyway', async () => {
    const { port, script } = await serving({ onLeft: () => expect('left').toBe('nothing') });
    const { client } = await accepted(script.cell, port);
    const ended = script.script.stop();
    script.cell.client.blamed(DEATH);
    await ended;
    expect(await client.owner.first('closed')).toEqual(['closed', 1011, '', true]);
  });
});
