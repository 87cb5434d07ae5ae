import { describe, expect, test } from '@jest/globals';
import { matchesHost, parseHostPattern } from '../../../host/policy/host-pattern.ts';

describe('a host pattern', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['example.com', ['example.com:443', 'example.com.:1'], ['www.example.com:443', 'badexample.com:443', '127.0.0.1:443']],
    ['EXAMPLE.com:8443', ['example.com:8443'], ['example.com:443']],
    ['*.example.com', ['www.example.com:443', 'a.b.example.com:1'], ['example.com:443', 'badexample.com:443']],
    ['*.example.com:443', ['www.example.com:443'], ['www.example.com:80']],
    ['bücher.example', ['xn--bcher-kva.example:443'], []],
    ['127.0.0.1', ['127.0.0.1:1'], ['127.0.0.10:1']],
    ['[::1]:8443', ['::1:8443'], ['::1:443']],
    ['[0:0::1]', ['::1:443'], []],
    ['*', ['example.com:1', '127.0.0.1:1', '::1:1'], []],
    ['*:443', ['example.com:443'], ['example.com:80']],
  ])('%s fits %j, and not %j', (text, fitting, others) => {
    const pattern = parseHostPattern(text, 'tls.hosts');
    const fits = (hostPort: string): boolean => {
      const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(hostPort) ?? [];
      return matchesHost(pattern, host, Number(port));
    };
    expect(fitting.filter((each) => !fits(each))).toEqual([]);
    expect(others.filter(fits)).toEqual([]);
  });

  test.each(['', 'a b', 'a:b', 'example.com:99999', '::1', '[::1', '[x]', 'wss://example.com', 'example.com/', 'w*.example.com', '*.', 'a@b'])(
    'is not %j',
    (text) => {
      expect(() => parseHostPattern(text, 'tls.hosts')).toThrow(`tls.hosts: '${text}' is not a host pattern: write example.com`);
    },
  );
});
