import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RequestProtocol } from '../../../host/sockets/request-protocol.ts';

const LONGEST_LINE = 1000;

interface Request {
  readonly method: string;
  readonly isForeign: boolean;
  readonly body: string;
}

/** Any request but for its target: that is its place among the others. */
const request: fc.Arbitrary<Request> = fc.record({
  // The parser takes these in RTSP too.
  method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
  isForeign: fc.boolean(),
  body: fc.constantFrom('', 'text', 'GET', 'OPTIONS /elsewhere RTSP/1.0\r\n', 'GET /elsewhere RT', '\r\n\r\n'),
});

function textOf({ body, isForeign, method }: Request, index: number): string {
  return `${method} /${index} ${isForeign ? 'RTSP/1.1' : 'HTTP/1.1'}\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Has a stream in these pieces read by the HTTP parser. Returns what is said of each request, in their order. */
async function verdicts(pieces: readonly Buffer[]): Promise<string[]> {
  const said: string[] = [];
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const server = createServer((message, response) => {
    said.push(`${message.url} ${protocol.isForeign(message)}`);
    message.resume();
    response.end();
  });
  server.emit('connection', stream);
  const protocol = new RequestProtocol(stream as Socket, LONGEST_LINE);
  for (const piece of pieces) {
    stream.push(piece);
    // Each comes as a chunk of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.destroy();
  return said;
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const whole = Buffer.from(text, 'latin1');
  const ends = [...new Set(places.map((place) => place % whole.length))].sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => whole.subarray(start, ends[index])).filter(({ length }) => length > 0);
}

test('the requests of RTSP are found, and no others, however they are cut and whatever their bodies hold', async () => {
  const streams = fc.array(request, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(streams, fc.array(fc.nat(), { maxLength: 12 }), async (requests, places) => {
      const expected = requests.map(({ isForeign }, index) => `/${index} ${isForeign}`);
      expect(await verdicts(cut(requests.map(textOf).join(''), places))).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test('the requests of RTSP are found where each byte comes alone', async () => {
  const text = [{ method: 'GET', isForeign: false, body: 'text' }, { method: 'OPTIONS', isForeign: true, body: '' }].map(textOf).join('');
  expect(await verdicts([...Buffer.from(text)].map((byte) => Buffer.from([byte])))).toEqual(['/0 false', '/1 true']);
});
