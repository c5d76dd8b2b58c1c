import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactHeaders } from './headers/exact.ts'
import { fetchRequest, targetOf } from './fetch-request.ts'

describe('the path and query of a request target', () => {
  it.each([
    ['/', '/', ''],
    ['/a/b?c=d&e', '/a/b', 'c=d&e'],
    ['/a?b?c', '/a', 'b?c'],
    ['/a?', '/a', ''],
    ['?a', '/', 'a'],
    ['', '/', ''],
    ['/a%2Fb%3F?%3F', '/a%2Fb%3F', '%3F'],
    ['//x', '//x', ''],
    ['//x/y?z', '//x/y', 'z'],
    ['///x', '///x', ''],
    ['/a//b/../c/.', '/a//b/../c/.', ''],
    ['/a#b?c', '/a', ''],
    ['/a?b#c', '/a', 'b'],
    ['http://example.com/a?b', '/a', 'b'],
    ['HTTPS://user@example.com:443/a#b', '/a', ''],
    ['http://example.com', '/', ''],
    ['http://example.com?a', '/', 'a'],
    ['http://example.com#/a', '/', ''],
    ['http:///a', '/a', ''],
    ['http://example.com//a', '//a', ''],
    ['/http://example.com/a', '/http://example.com/a', ''],
    ['/a?u=http://example.com/b', '/a', 'u=http://example.com/b'],
    ['*', '*', ''],
    ['example.com:443', 'example.com:443', ''],
    [String.raw`/\example.com`, String.raw`/\example.com`, ''],
    [String.raw`http:\\example.com\a`, String.raw`http:\\example.com\a`, ''],
  ])('%s are %s and %j', (target, path, query) => {
    expect(targetOf(target)).toEqual({ path, query })
  })

  it('are parts of any target, without an error and never with its host', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.webPath()), (target) => {
        const { path, query } = targetOf(target)
        expect(path === '/' || target.includes(path)).toBe(true)
        expect(target).toContain(query)
        expect(path).not.toMatch(/[?#]/)
        expect(query).not.toContain('#')
        expect(path.length + query.length).toBeLessThanOrEqual(target.length + 1)
      }),
      { numRuns: 500 },
    )
  })

  it('are those of the URL standard for what a client sends', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const { pathname, search } = new URL(url)
        const { path, query } = targetOf(new URL(url).href)
        expect(path).toBe(pathname)
        expect(query).toBe(search.slice(1))
      }),
    )
  })
})

describe('fetchRequest', () => {
  const sent = new Request('https://example.com/a?b', {
    method: 'POST',
    headers: [
      ['X-A', '1'],
      ['x-a', '2'],
    ],
  })

  it('is what the request is, with joined headers', () => {
    const request = fetchRequest(sent)
    expect(request).toMatchObject({ method: 'POST', path: '/a', query: 'b' })
    expect(request.headers.exact).toBe(false)
    expect(request.headers.all('x-a')).toEqual(['1, 2'])
    expect(request.httpVersionMajor).toBeUndefined()
    expect(request.peerCertificates).toBeUndefined()
  })

  it.each([
    ['https://app.example.com/x', {}, 'app.example.com'],
    ['https://app.example.com:8443?x', {}, 'app.example.com:8443'],
    ['HTTP://a#b', {}, 'a'],
    ['https://app.example.com/x', { host: 'other' }, 'other'],
    ['/x?back=https://evil.example.com/', {}, ''],
    ['x/https://evil.example.com/', {}, ''],
  ])('has a host, by its header or its URL: %s with %j', (url, headers, host) => {
    expect(fetchRequest({ method: 'GET', url, headers: new Headers(headers) }).host?.()).toBe(host)
  })

  it('takes what the runtime knows better', () => {
    const certificate = new Uint8Array([0x30])
    const request = fetchRequest(sent, {
      headers: exactHeaders(['X-A', '1', 'x-a', '2']),
      httpVersionMajor: 2,
      peerCertificates: () => [certificate],
    })
    expect(request.headers.all('x-a')).toEqual(['1', '2'])
    expect(request.httpVersionMajor).toBe(2)
    expect(request.peerCertificates?.()).toEqual([certificate])
  })
})
