import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { attributesOfInfo, isAmbiguousPath, requestAttributes } from '../request-attributes.ts'
import { selectorsIn } from './list-options.ts'
import { readRequest, type RequestInfo, requestInfo } from './request-info.ts'

function info(method: string, target: string): RequestInfo {
  const [path = '', query = ''] = target.split('?', 2)
  return requestInfo({ method, path, query })
}

describe('requestInfo', () => {
  it.each<[string, string, string, Partial<RequestInfo>]>([
    ['a collection is listed', 'GET', '/api/v1/pods', { verb: 'list', resource: 'pods' }],
    [
      'a collection is deleted',
      'DELETE',
      '/api/v1/namespaces/n/pods',
      { verb: 'deletecollection', namespace: 'n' },
    ],
    [
      'a subresource of an object',
      'PUT',
      '/apis/apps/v1/namespaces/n/deployments/d/scale',
      { verb: 'update', apiGroup: 'apps', resource: 'deployments', name: 'd', subresource: 'scale' },
    ],
    [
      'a namespace is in itself',
      'GET',
      '/api/v1/namespaces/n',
      { resource: 'namespaces', name: 'n', namespace: 'n' },
    ],
    [
      'its status is not a resource in it',
      'PUT',
      '/api/v1/namespaces/n/status',
      { resource: 'namespaces', name: 'n', subresource: 'status' },
    ],
    [
      'neither is its finalization',
      'PUT',
      '/api/v1/namespaces/n/finalize',
      { resource: 'namespaces', name: 'n', namespace: 'n', subresource: 'finalize' },
    ],
    [
      'proxy in the path has no subresource',
      'GET',
      '/api/v1/proxy/namespaces/n/pods/p/x',
      { verb: 'proxy', name: 'p', subresource: '' },
    ],
    [
      'a name in a selector is the name',
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name==a',
      { verb: 'list', name: 'a' },
    ],
    [
      'the first name by text counts',
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name%3Db,metadata.name%3Da',
      { name: 'a' },
    ],
    [
      'no name survives a bad label selector',
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name=a&labelSelector=a==b==c',
      { verb: 'list', name: '' },
    ],
    ['a watch survives a bad number', 'GET', '/api/v1/pods?watch=1&limit=many', { verb: 'watch' }],
    [
      'a number out of range is bad',
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name=a&limit=9223372036854775808',
      { name: '' },
    ],
    ['a malformed pair of a query does not count', 'GET', '/api/v1/pods?watch=%zz', { verb: 'list' }],
    ['a pair with a semicolon does not count', 'GET', '/api/v1/pods?a;watch=1', { verb: 'list' }],
    ['an encoded slash separates', 'GET', '/api/v1/pods%2Fp', { name: 'p' }],
    ['an empty segment stays', 'GET', '/api/v1//p', { resource: '', name: 'p', verb: 'get' }],
    ['a method in lower case is unknown', 'get', '/api/v1/pods', { verb: '' }],
    [
      'any other path is that path',
      'POST',
      '/login',
      { resourceRequest: false, verb: 'post', path: '/login' },
    ],
    ['bytes that are not UTF-8 are kept apart', 'GET', '/a%ff', { path: '/a\udcff' }],
  ])('%s', (_, method, target, expected) => {
    expect(info(method, target)).toMatchObject(expected)
  })

  it('has no name where a selector is too long to be read', () => {
    const query = `fieldSelector=metadata.name=a${',a=b'.repeat(1001)}`
    const read = requestInfo({ method: 'GET', path: '/api/v1/pods', query })
    expect(read).toMatchObject({ verb: 'list', name: '' })
    expect(requestAttributes({ method: 'GET', path: '/api/v1/pods', query })).toMatchObject({
      name: '',
      fieldSelector: { requirements: [], error: 'invalid selector: it has more than 1000 commas' },
    })
  })

  it('says what is wrong with a path that cannot be read', () => {
    expect(info('GET', '/api/v1/watch').problem?.status).toBe(500)
    expect(info('GET', '/a%2').problem).toEqual({ status: 400, message: 'the path has a malformed escape' })
  })

  it('never throws, and gives every field a value', () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'api',
        'apis',
        'v1',
        'namespaces',
        'watch',
        'proxy',
        'status',
        '..',
        '%2F',
        '%zz',
        '%ff',
        '',
      ),
      fc.string({ unit: 'binary' }),
    )
    const paths = fc.array(segment).map((segments) => `/${segments.join('/')}`)
    const queries = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.tuple(fc.constantFrom('watch', 'fieldSelector', 'labelSelector', 'limit'), fc.string()))
        .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
    )
    fc.assert(
      fc.property(fc.string(), paths, queries, (method, path, query) => {
        const { problem, parts, resourceRequest, ...texts } = requestInfo({ method, path, query })
        expect(Object.values(texts).every((text) => typeof text === 'string')).toBe(true)
        expect(typeof resourceRequest).toBe('boolean')
        if (!resourceRequest)
          expect([texts.resource, texts.name, texts.namespace, parts]).toEqual(['', '', '', []])
        if (problem !== undefined) expect([400, 500]).toContain(problem.status)
      }),
      { numRuns: 1000 },
    )
  })

  it('reads a long selector in time that grows with its length', () => {
    const query = `labelSelector=${encodeURIComponent('a in (b,'.repeat(20_000))}&fieldSelector=${'a=b,'.repeat(20_000)}`
    const spent = cpuSecondsOf(() => requestInfo({ method: 'GET', path: '/api/v1/pods', query }))
    expect(spent).toBeLessThan(1)
  })
})

describe('the selectors of a request', () => {
  const request = (method: string, query: string) => ({ method, path: '/api/v1/pods', query })
  const a = { requirements: [{ key: 'a', operator: 'In', values: ['b'] }] }

  it.each(['GET', 'DELETE'])('are read once, and kept, for %s', (method) => {
    const read = vi.fn(selectorsIn)
    const { selectors } = readRequest(request(method, 'fieldSelector=a%3Db&labelSelector=a%3Db'), read)
    expect(read).toHaveBeenCalledOnce()
    expect(selectors).toEqual({ fieldSelector: a, labelSelector: a })
  })

  it.each([
    ['', {}],
    ['fieldSelector=a%3Db', { fieldSelector: a }],
    ['labelSelector=a%3Db', { labelSelector: a }],
    ['fieldSelector=a%3Db&labelSelector=a%3Db', { fieldSelector: a, labelSelector: a }],
  ])('are attributes where the query %j has them', (query, selectors) => {
    const { fieldSelector: _field, labelSelector: _label, ...rest } = requestAttributes(request('GET', query))
    expect(rest).toMatchObject({ verb: 'list', resource: 'pods' })
    const attributes = requestAttributes(request('GET', query))
    expect(attributes).toStrictEqual({ ...rest, ...selectors })
    expect(attributesOfInfo(requestInfo(request('GET', query)))).toStrictEqual(attributes)
  })

  it('are no attributes of a path that is no resource', () => {
    const login = { method: 'POST', path: '/login', query: 'labelSelector=a%3Db' }
    expect(attributesOfInfo(requestInfo(login))).toStrictEqual({ verb: 'post', path: '/login' })
  })
})

/** What servlet containers make of a path: parameters go, and dot segments are resolved. Some decode before, and some after that. */
function servletPaths(path: string): readonly string[] {
  const withoutParameters = (each: string): string => each.replaceAll(/;[^/]*/g, '')
  return [decodeURIComponent(withoutParameters(path)), withoutParameters(decodeURIComponent(path))].map(
    (each) => new URL(each.replaceAll(/[?#%]/g, '_'), 'http://app').pathname,
  )
}

describe('isAmbiguousPath', () => {
  const isAmbiguous = (path: string): boolean => isAmbiguousPath(path, info('GET', path).path)

  it.each([
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/a/.',
    '/reports/..;/secret',
    '/reports/..;a=b/secret',
    '/reports/.;/secret',
    '/reports/..;',
    '/reports/.;a=b;c',
    '/reports/%2e%2e;/secret',
    '/reports/.%2E%3b/secret',
    '/reports/..%3Ba/secret',
    '/reports%2f..;/secret',
    '/reports\\..;/secret',
    '/..;/secret',
    '/api/v1/..;/pods',
    '/..',
    '/a\\..\\b',
    '/a%5c..',
    '/api/v1/a%2Fb',
    '/api/v1/a%2fb',
    '/api//v1/pods',
    '//api/v1/pods',
    '/apis/a\\b',
    '/API/v1/pods',
    '/Apis/apps/v1/deployments',
    '/%41pi/v1/pods',
    'http://h:a/b',
    'a',
    '/a\\b',
    '/\\a',
    '/a#b',
    '//a@h/api/v1/pods#',
    '/a b',
    '/a\u00a0',
  ])('refuses %s', (path) => {
    expect(isAmbiguous(path)).toBe(true)
  })

  it('accepts no path that a servlet container reads as one outside of its beginning', () => {
    const piece = fc.constantFrom('/', '.', '..', ';', 'a', '=', '%2e', '%2E', '%3b', '%2f', '%5c', '//')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = `/reports/${pieces.join('')}`
        if (isAmbiguous(path)) return
        for (const read of servletPaths(path)) expect(read).toMatch(/^\/reports(?:\/|$)/)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '/',
    '*',
    '/a',
    '/Admin/API',
    '/APIARY',
    '/files/a%2Fb',
    '/files/a%5Cb',
    '/a//b',
    '/.well-known/x',
    '/...',
    '/api/v1/pods/',
    '/apiary//x',
    '/api/v1/pods/a..b',
    '/api/v1/x/system%3Anode',
  ])('lets %s pass', (path) => {
    expect(isAmbiguous(path)).toBe(false)
  })
})
