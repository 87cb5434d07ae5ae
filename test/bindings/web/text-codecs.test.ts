import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printed, startScript } from '../../support/isolate.ts';
import { anyText } from '../../support/wire-arbitraries.ts';

const script = (): ReturnType<typeof startScript> => startScript('');

/** Decodes the chunks as a script does, each as a call with `stream`, and the end: the texts, or that it threw. */
const DECODE = `decode = (label, options, chunks) => {
  const decoder = new TextDecoder(label, options);
  const texts = [];
  try {
    for (const chunk of chunks) texts.push(decoder.decode(Uint8Array.from(chunk), { stream: true }));
    texts.push(decoder.decode());
  } catch (error) { texts.push(error instanceof TypeError ? 'TypeError' : String(error)); }
  return texts;
}; ask = (cases) => cases.map((each) => decode(...each));`;

type Case = [label: string, options: { fatal: boolean; ignoreBOM: boolean }, chunks: number[][]];

function nodeDecode([label, options, chunks]: Case): string[] {
  const decoder = new TextDecoder(label, options);
  const texts: string[] = [];
  try {
    chunks.forEach((chunk) => texts.push(decoder.decode(Uint8Array.from(chunk), { stream: true })));
    texts.push(decoder.decode());
  } catch (error) {
    texts.push((error as Error).name);
  }
  return texts;
}

const bytes = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 3 }).map((each) => [...each]),
    fc.constantFrom([0xef, 0xbb, 0xbf], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xff, 0xfe], [0xfe, 0xff], [0x41], [0x3d, 0xd8], [0x00, 0xde], [0xd8, 0x3d], [0xc0, 0x80], [0xe2, 0x82]),
  ),
  { maxLength: 5 },
).map((parts) => parts.flat());

describe('TextDecoder', () => {
  test.each(['utf-8', 'utf-16le', 'utf-16be'])('decodes %s as Node.js does, in one piece', (label) => {
    const decoder = startScript(DECODE);
    const one = fc.tuple(fc.constant(label), fc.record({ fatal: fc.boolean(), ignoreBOM: fc.boolean() }), bytes.map((all) => [all]));
    fc.assert(
      fc.property(fc.array(one, { minLength: 25, maxLength: 25 }), (cases) => {
        const joined = (texts: string[]): string => (texts.at(-1) === 'TypeError' ? 'TypeError' : texts.join(''));
        const got = decoder.value(`ask(${JSON.stringify(cases)})`) as string[][];
        expect(got.map(joined)).toEqual(cases.map((each) => joined(nodeDecode(each as Case))));
      }),
      { numRuns: 60 },
    );
  });

  test('gives the same text however its bytes are cut into chunks', () => {
    const decoder = startScript(DECODE);
    const label = fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'shift_jis', 'gb18030', 'euc-kr');
    const one = fc.tuple(label, fc.record({ ignoreBOM: fc.boolean() }), fc.array(bytes, { maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(one, { minLength: 30, maxLength: 30 }), (cases) => {
        const whole = cases.map(([name, options, chunks]) => [name, options, [chunks.flat()]]);
        const single = cases.map(([name, options, chunks]) => [name, options, chunks.flat().map((byte) => [byte])]);
        const [first, second, third] = [cases, whole, single].map((each) =>
          (decoder.value(`ask(${JSON.stringify(each)})`) as string[][]).map((texts) => texts.join('')),
        );
        expect(first).toEqual(second);
        expect(third).toEqual(second);
      }),
      { numRuns: 20 },
    );
  });

  test.each(['iso-8859-2', 'iso-8859-5', 'koi8-r', 'windows-1251', 'windows-1250', 'ibm866', 'macintosh'])('knows every byte of %s', (label) => {
    const all = Uint8Array.from({ length: 128 }, (_, index) => index + 128);
    expect(script().value(`new TextDecoder('${label}').decode(Uint8Array.from({ length: 128 }, (_, index) => index + 128))`)).toBe(new TextDecoder(label).decode(all));
  });

  test.each([
    ['latin1', 'windows-1252', [0x80, 0xe9, 0x81], '€é\x81'],
    [' ASCII\\n', 'windows-1252', [0x41], 'A'],
    ['unicode-1-1-utf-8', 'utf-8', [0xc3, 0xa9], 'é'],
    ['UTF-16', 'utf-16le', [0x41, 0], 'A'],
    ['sjis', 'shift_jis', [0x82, 0xa0], 'あ'],
    ['big5-hkscs', 'big5', [0xa4, 0xa4], '中'],
    ['gbk', 'gbk', [0xd6, 0xd0], '中'],
    ['x-user-defined', 'x-user-defined', [0x41, 0x80], 'A\uf780'],
  ])('the label %j is %s', (label, name, input, text) => {
    expect(script().value(`(() => { const d = new TextDecoder('${label}'); return [d.encoding, d.decode(Uint8Array.from(${JSON.stringify(input)}))]; })()`)).toEqual([name, text]);
  });

  test('refuses labels of no encoding, and values that are not bytes', () => {
    for (const label of ['utf-7', '', 'iso-2022-cn', 'utf-8\\0', 'utf‐8']) {
      expect(script().thrown(`new TextDecoder('${label}')`)).toMatchObject({ class: 'RangeError' });
    }
    expect(script().thrown("new TextDecoder().decode('x')")).toMatchObject({ class: 'TypeError' });
    expect(script().thrown("new TextDecoder('utf-8', 5)")).toMatchObject({ class: 'TypeError' });
    expect(script().value("(() => { const gone = new ArrayBuffer(4); gone.transfer(); return [new TextDecoder().decode(gone), new TextDecoder().decode(), new TextDecoder().decode(new DataView(Uint8Array.of(65, 66).buffer, 1))]; })()")).toEqual(['', '', 'B']);
  });
});

describe('TextEncoder', () => {
  test('writes as much as there is room for, as that of Node.js', () => {
    const encoder = startScript('ask = (cases) => cases.map(([text, room]) => { const target = new Uint8Array(room); return [new TextEncoder().encodeInto(text, target), [...target], [...new TextEncoder().encode(text)]]; })');
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText.map((text) => text.slice(0, 20)), fc.nat(40)), { minLength: 20, maxLength: 20 }), (cases) => {
        const expected = cases.map(([text, room]) => {
          const target = new Uint8Array(room);
          return [new TextEncoder().encodeInto(text, target), [...target], [...new TextEncoder().encode(text)]];
        });
        expect(encoder.value(`ask(${JSON.stringify(cases)})`)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('takes a Uint8Array only, of which it keeps within the view', () => {
    for (const target of ['new ArrayBuffer(4)', 'new Int8Array(4)', '[]', 'undefined']) {
      expect(script().thrown(`new TextEncoder().encodeInto('x', ${target})`)).toMatchObject({ class: 'TypeError' });
    }
    expect(script().value("(() => { const all = new Uint8Array(6); new TextEncoder().encodeInto('äöü', all.subarray(1, 4)); return [...all]; })()")).toEqual([0, 0xc3, 0xa4, 0, 0, 0]);
    expect(script().value("[new TextEncoder().encoding, new TextEncoder().encode().length, new TextEncoder().encode(undefined).length]")).toEqual(['utf-8', 0, 0]);
  });
});

describe('the streams of text', () => {
  test('a character may lie across chunks, both ways', () => {
    expect(printed(script().run(`(async () => {
      const chunks = ['a\\ud83d', '\\ude00b\\ud800'];
      const bytes = []; const texts = [];
      for await (const chunk of ReadableStream.from(chunks).pipeThrough(new TextEncoderStream())) bytes.push(...chunk);
      for await (const text of ReadableStream.from(bytes.map((byte) => Uint8Array.of(byte))).pipeThrough(new TextDecoderStream())) texts.push(text);
      print(JSON.stringify(texts));
    })()`))).toEqual([JSON.stringify(['a', '😀', 'b', '\ufffd'])]);
  });

  test('wrong bytes and wrong chunks fail the stream', () => {
    expect(printed(script().run(`(async () => {
      for (const chunk of [Uint8Array.of(255), 'text']) {
        const stream = new TextDecoderStream('utf-8', { fatal: true });
        stream.writable.getWriter().write(chunk).catch(() => {});
        await stream.readable.getReader().read().catch((error) => print(error.name));
      }
    })()`))).toEqual(['TypeError', 'TypeError']);
  });
});
