import fc from 'fast-check'
import { fakeRequest } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import { strategyRequest } from './whole-request.ts'

interface Shown {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  get(name: string): unknown
}
const shown = (init: Parameters<typeof fakeRequest>[0]): Shown =>
  strategyRequest(fakeRequest(init)).req as Shown

describe('the request that a strategy is shown', () => {
  it('is what Express would show', () => {
    const req = shown({ method: 'POST', url: '/a/b?c=1&d=2&d=3&e', headers: [['X-Key', 'k']] })
    expect({ ...req }).toMatchObject({
      method: 'POST',
      url: '/a/b?c=1&d=2&d=3&e',
      originalUrl: '/a/b?c=1&d=2&d=3&e',
      path: '/a/b',
      headers: { 'x-key': 'k' },
      query: { c: '1', d: ['2', '3'], e: '' },
    })
    expect([req.get('X-KEY'), req.get('x-other'), req.get('constructor')]).toEqual([
      'k',
      undefined,
      undefined,
    ])
  })

  it.each([
    ['X-A', ['1', '2'], '1, 2'],
    ['Authorization', ['Bearer a', 'Bearer b'], 'Bearer a'],
    ['Host', ['a', 'b'], 'a'],
    ['Cookie', ['a=1', 'b=2'], 'a=1; b=2'],
    ['Set-Cookie', ['a=1', 'b=2'], ['a=1', 'b=2']],
    // Source: Node.js, `message.headers`, on duplicates that are discarded.
    ...[
      'age',
      'content-length',
      'content-type',
      'etag',
      'expires',
      'from',
      'if-modified-since',
      'if-unmodified-since',
      'last-modified',
      'location',
      'max-forwards',
      'proxy-authorization',
      'referer',
      'retry-after',
      'server',
      'user-agent',
    ].map((name): [string, readonly string[], string] => [name, ['1', '2'], '1']),
    ['__proto__', ['a', 'b'], 'a, b'],
    ['constructor', ['a'], 'a'],
    ['toString', ['a'], 'a'],
  ])('has %s as Node would join it', (name, values, expected) => {
    const { headers } = shown({ headers: values.map((value) => [name, value] as const) })
    expect(Object.entries(headers)).toEqual([[name.toLowerCase(), expected]])
  })

  it('has `__proto__` in the query as an ordinary name', () => {
    const { query } = shown({ url: '/?__proto__=a&constructor=b' })
    expect(Object.entries(query)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  it('has no bearer token of the query in it', () => {
    const { query } = shown({ url: '/?access_token=good&access%5Ftoken=good&key=k' })
    expect({ ...query }).toEqual({ key: 'k' })
  })

  it('has every header that was sent, whatever it is called', () => {
    const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(token, fc.string())), (headers) => {
        const names = new Set(headers.map(([name]) => name.toLowerCase()))
        expect(new Set(Object.keys(shown({ headers }).headers))).toEqual(names)
      }),
    )
  })
})

describe('a strategy that looked', () => {
  it.each([
    ['x-api-key', true],
    ['cookie', true],
    ['authorization', true],
    ['x-forwarded-user', true],
    ['x-forwarded-access-token', true],
    ['x-forwarded-client-cert', true],
    ['x-forwarded-uri', true],
    ['x-forwarded-for', false],
    ['x-forwarded-proto', false],
    ['host', false],
    ['user-agent', false],
    ['content-type', false],
    ['accept', false],
    ['accept-language', false],
    ['cache-control', false],
    ['connection', false],
    ['forwarded', false],
    ['origin', false],
    ['referer', false],
    ['sec-fetch-mode', false],
    ['via', false],
    ['x-forwarded-host', false],
    ['x-forwarded-port', false],
    ['x-forwarded-prefix', false],
    ['x-forwarded-server', false],
    ['x-accept', true],
    ['accepted', true],
    ['contents', true],
    ['x-content-type', true],
    ['hosts', true],
    ['x-host', true],
    ['x-via', true],
    ['x-forwarded-for-user', true],
    ['sec-fetch', true],
  ])('at %s may have seen a credential: %s', (name, expected) => {
    const { req, wasRead } = strategyRequest(fakeRequest({ headers: [[name, 'value']] }))
    expect(wasRead()).toBe(false)
    expect((req as Shown).headers[name]).toBe('value')
    expect(wasRead()).toBe(expected)
  })
})

describe('a strategy that looked at the target', () => {
  it.each([
    ['/a', 'url', false],
    ['/a', 'originalUrl', false],
    ['/a', 'query', false],
    ['/a', 'path', false],
    ['/a?key=k', 'path', false],
    ['/a?key=k', 'method', false],
    ['/a?key=k', 'url', true],
    ['/a?key=k', 'originalUrl', true],
    ['/a?key=k', 'query', true],
  ])('%s, at its %s, may have seen a credential: %s', (url, name, expected) => {
    const { req, wasRead } = strategyRequest(fakeRequest({ url }))
    expect(wasRead()).toBe(false)
    expect(Reflect.get(req, name)).toBeDefined()
    expect(wasRead()).toBe(expected)
  })
})

describe('a request that is large', () => {
  it('is read in a time that does not explode', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `x-${index}`)
    const spent = cpuSecondsOf(() => {
      const req = shown({
        url: `/?${names.join('&')}`,
        headers: names.map((name) => [name, 'v'] as const),
      })
      expect(Object.keys(req.query)).toHaveLength(20_000)
      expect(Object.keys(req.headers)).toHaveLength(20_000)
    })
    expect(spent).toBeLessThan(2)
  })
})
