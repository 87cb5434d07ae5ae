import { describe, expect, test } from '@jest/globals';
import { ProxySettings, proxyEnvironment, type Proxy, type ProxyOptions } from '../../../host/policy/proxy-options.ts';

function proxyFor(options: ProxyOptions, url: string): Proxy | undefined {
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === 'wss:';
  return new ProxySettings(options).proxyFor(secure, hostname.replace(/^\[|\]$/g, ''), Number(port || (secure ? 443 : 80)));
}

const http = 'http://proxy.example:3128';

describe('the proxy of a connection', () => {
  test('is that of its scheme; that of wss: is that of ws: where it has none of its own', () => {
    const https = 'https://user:p%40ss@secure.example';
    expect(proxyFor({ http, https }, 'ws://a/')).toEqual({ host: 'proxy.example', port: 3128, secure: false, authorization: undefined, resolve: 'host' });
    expect(proxyFor({ http, https, resolve: 'proxy' }, 'wss://a/')).toEqual({
      host: 'secure.example',
      port: 443,
      secure: true,
      authorization: `Basic ${btoa('user:p@ss')}`,
      resolve: 'proxy',
    });
    expect(proxyFor({ http }, 'wss://a/')?.host).toBe('proxy.example');
    expect(proxyFor({ https }, 'ws://a/')).toBeUndefined();
    expect(proxyFor({}, 'ws://a/')).toBeUndefined();
    expect(proxyFor({ http: 'http://[::1]:8080' }, 'ws://a/')?.host).toBe('::1');
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['example.com', ['ws://example.com/', 'ws://www.example.com/', 'ws://example.com./'], ['ws://badexample.com/', 'ws://example.com.evil/']],
    ['.example.com', ['ws://example.com/', 'ws://www.example.com/'], ['ws://badexample.com/']],
    ['*.example.com', ['ws://www.example.com/'], ['ws://example.com/']],
    ['Example.COM.', ['ws://example.com/'], []],
    ['example.com:8080', ['ws://example.com:8080/'], ['ws://example.com/']],
    ['example.com:443', ['wss://example.com/'], ['ws://example.com/']],
    ['127.0.0.1', ['ws://127.0.0.1:8080/'], ['ws://127.0.0.2/', 'ws://a.127.0.0.1.example/']],
    ['10.0.0.0/8', ['ws://10.1.2.3/', 'ws://[::ffff:10.1.2.3]/'], ['ws://11.0.0.1/', 'ws://10.example/', 'ws://[fe80::1]/']],
    ['fd00::/8', ['ws://[fd12::1]/'], ['ws://[fe80::1]/', 'ws://10.0.0.1/']],
    ['::1', ['ws://[::1]/', 'ws://[::1]:81/'], ['ws://[::2]/']],
    ['[::1]:81', ['ws://[::1]:81/'], ['ws://[::1]/']],
    ['*', ['ws://example.com/', 'ws://[::1]/'], []],
    ['*:80', ['ws://example.com/'], ['wss://example.com/']],
    [' a.example , b.example c.example', ['ws://a.example/', 'ws://b.example/', 'ws://c.example/'], ['ws://d.example/']],
    ['', [], ['ws://example.com/']],
  ])('is none where noProxy is %j for %j, and not for %j', (noProxy, direct, others) => {
    expect(direct.filter((url) => proxyFor({ http, noProxy }, url) !== undefined)).toEqual([]);
    expect(others.filter((url) => proxyFor({ http, noProxy }, url) === undefined)).toEqual([]);
  });

  test.each(['proxy.example:3128', 'socks5://proxy.example', 'http://', 'http://proxy.example/path', 'http://me:secret@proxy.example/?a', 'x'])(
    'is not %s; the error does not say it, as it may hold a password',
    (text) => {
      expect(() => new ProxySettings({ https: text })).toThrow('proxy.https is not the address of a proxy: write http://HOST:PORT');
      expect(() => new ProxySettings({ https: text })).not.toThrow('secret');
    },
  );
});

describe('the environment', () => {
  test.each<[Record<string, string>, ProxyOptions]>([
    [{ HTTP_PROXY: http, HTTPS_PROXY: 'http://b', NO_PROXY: 'c' }, { http, https: 'http://b', noProxy: 'c' }],
    [{ http_proxy: http, HTTP_PROXY: 'http://other', https_proxy: 'http://b', no_proxy: 'c', NO_PROXY: 'd' }, { http, https: 'http://b', noProxy: 'c' }],
    [{ HTTP_PROXY: '', https_proxy: '', HTTPS_PROXY: 'http://b' }, {}],
    [{ HTTP_PROXY: 'proxy.example:3128' }, { http: 'http://proxy.example:3128' }],
    [{}, {}],
  ])('%j means %j', (environment, options) => {
    expect(proxyEnvironment(environment)).toEqual(options);
  });
});
