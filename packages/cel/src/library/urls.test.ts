import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'
import { UrlProblem } from '@kube-authn/internal/go-url'
import { readUrl, requestUriProblem } from './urls.ts'

const FULL = 'https://user:pass@example.com:80/path?query=val#fragment'

describe('a URL', () => {
  it.each<[string, CelValue]>([
    [`isURL("${FULL}")`, true],
    ['isURL("/absolute-path")', true],
    ['isURL("https://a:b:c/")', false],
    ['isURL("../relative-path")', false],
    ['isURL("")', false],
    ['isURL("mailto:jane")', true],
    ['isURL("*")', true],
    ['isURL(claims.iss)', true],
    [`url("${FULL}").getScheme()`, 'https'],
    [`url("${FULL}").getHost()`, 'example.com:80'],
    [`url("${FULL}").getHostname()`, 'example.com'],
    [`url("${FULL}").getPort()`, '80'],
    [`url("${FULL}").getEscapedPath()`, '/path'],
    ['url("/path").getScheme() + url("/path").getHost() + url("/path").getPort()', ''],
    ['url("HTTPS://[::1]:80/").getScheme()', 'https'],
    ['url("https://[::1]:80/").getHost()', '[::1]:80'],
    ['url("https://[::1]:80/").getHostname()', '::1'],
    ['url("https://[fe80::1%25en0]/").getHostname()', 'fe80::1%en0'],
    ['url("https://%C3%A9.example/").getHost()', 'é.example'],
    ['url("https://example.com").getEscapedPath()', ''],
    ['url("https://example.com/path with spaces/").getEscapedPath()', '/path%20with%20spaces/'],
    ['url("https://example.com/a%2fb").getEscapedPath()', '/a%2fb'],
    ['url("https://example.com/é").getEscapedPath()', '/%C3%A9'],
    ['url("https://example.com/path?").getQuery()', new Map()],
    [
      'url("https://a/?k1=a&k2=b&k2=c").getQuery()',
      new Map([
        ['k1', ['a']],
        ['k2', ['b', 'c']],
      ]),
    ],
    [
      'url("https://a/?k+1=a%20b&;&%zz=1&=x&y").getQuery()',
      new Map([
        ['k 1', ['a b']],
        ['', ['x']],
        ['y', ['']],
      ]),
    ],
    ['url("https://a/b") == url("HTTPS://a/b")', true],
    ['url("https://a/b") == url("https://a/b?")', false],
    ['url("https://a/b") in [url("https://a/b")]', true],
    ['url("/a") == null', false],
    ['url(claims.iss).getHost().endsWith(".example")', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, { iss: 'https://issuer.example' })).toEqual(expected)
  })

  it.each([
    ['', 'empty url'],
    ['a/b', 'invalid URI for request'],
    [':a', 'missing protocol scheme'],
    ['https://a b', 'invalid character " " in host name'],
    ['https://[::1', "missing ']' in host"],
    ['https://a:x', 'invalid port ":x" after host'],
    ['https://u^@a', 'net/url: invalid userinfo'],
    ['https://a/%zz', 'invalid URL escape "%zz"'],
    ['https://a/#%zz', 'invalid URL escape "%zz"'],
    ['/a\n', 'net/url: invalid control character in URL'],
    ['//a b/c', 'invalid character " " in host name'],
  ])('is not %j', (text, reason) => {
    expect(() => evaluated('url(claims.x)', { x: text })).toThrow(
      new CelEvaluationError(`URL parse error during conversion from string: ${reason}`),
    )
  })

  it.each([
    'url(1)',
    'isURL(1)',
    'url("/a").nope()',
    'url("/a").getHost',
    'url("/a") == "/a"',
    'url("/a") < url("/b")',
  ])('%s does not compile', (expression) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
  })

  it('is read or refused, whatever it is', () => {
    const piece = fc.constantFrom(
      'http',
      ':',
      '/',
      '//',
      '?',
      '#',
      '@',
      '[',
      ']',
      '%',
      '%41',
      'a',
      ' ',
      'é',
      '1',
      '*',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        try {
          const { escapedPath } = readUrl(text, DEFAULT_KUBERNETES_VERSION)
          expect(escapedPath).toMatch(/^[\u0021-\u007E]*$/)
          expect(requestUriProblem(text, DEFAULT_KUBERNETES_VERSION)).toBeUndefined()
        } catch (error) {
          expect(error).toBeInstanceOf(UrlProblem)
        }
      }),
    )
  })
})
