import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { request } from '../../../test/fakes.ts'
import { emptyContext } from '../../authenticator/context.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { anonymous } from './anonymous.ts'
import { type AnonymousConfig, resolveAnonymous, validateAnonymousConfig } from './config.ts'

describe('anonymous', () => {
  it('authenticates every request as system:anonymous in system:unauthenticated', () => {
    expect(anonymous().authenticate(request({ url: '/any?q' }), emptyContext)).toEqual({
      user: { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} },
    })
  })

  it.each([[['api', 'other']], [[]]])('is valid for whatever is asked for: %j', (audiences) => {
    expect(anonymous().authenticate(request(), { audiences })).toMatchObject({ audiences })
  })

  it('names no audiences where none are asked for', () => {
    expect(anonymous().authenticate(request(), emptyContext)).not.toHaveProperty('audiences')
  })

  it('lets everything through with an empty list of conditions', () => {
    expect(anonymous({ conditions: [] }).authenticate(request(), emptyContext)).toBeDefined()
  })

  const conditional = anonymous({ conditions: [{ path: '/healthz' }, { path: '/a b/ż' }, { path: '/' }] })
  const isLetThrough = (url: string) => conditional.authenticate(request({ url }), emptyContext) !== undefined

  it.each([
    '/healthz',
    '/healthz?verbose',
    '/health%7A',
    '/health%7a',
    '/a%20b/%C5%BC',
    '/',
    'https://example.com/healthz',
    'https://example.com',
  ])('lets %s through where it is listed', (url) => {
    expect(isLetThrough(url)).toBe(true)
  })

  it.each([
    '/a b/ż',
    '/a b/\u00C5\u00BC',
    '/a%20b/ż',
    '/a%20b/\u00C5\u00BC',
    '/healthz\u00A0',
    '/a\u007F',
    '/a\tb',
  ])('lets %j with what ought to be escaped meet no condition', (path) => {
    const listed = anonymous({ conditions: [path, '/a b/ż', '/healthz'].map((each) => ({ path: each })) })
    expect(listed.authenticate({ ...request(), path }, emptyContext)).toBeUndefined()
  })

  it.each([
    '/healthz/',
    '/healthz/etcd',
    '//healthz',
    '/Healthz',
    '/HEALTHZ',
    '/healthz/..',
    '/x/../healthz',
    '/./healthz',
    '/healthz%00',
    '/healthz%2F',
    '/healthz%',
    '/healthz%2',
    '/healthz%zz',
    '/healthz;a=b',
    '/health%257A',
    '/healthz%3Fq',
    '/a+b/%C5%BC',
    '/a%20b/%C5',
    '/a%20b%2F%C5%BC',
    '/a%20b%2f%C5%BC',
    '%2Fhealthz',
    '/healthz%23#',
    '%2F',
    '*',
    'healthz',
    '/livez',
  ])('does not let %s through where others are listed', (url) => {
    expect(isLetThrough(url)).toBe(false)
  })

  it('lets a path through exactly when its decoded form is listed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '%', '7', 'A', 'a', 'z', '.', '?', '\\') }),
        (tail) => {
          const url = `/health${tail}`
          const path = /^[^?]*/.exec(url)?.[0]
          expect(isLetThrough(url)).toBe(
            path === '/healthz' || path === '/health%7A' || path === '/health%7a',
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    [{ path: '' }, 'Required value'],
    [{}, 'is required'],
    [{ path: 7 }, 'must be a string'],
    [{ path: null }, 'must be a string, not null'],
  ])('refuses the condition %j', (condition, message) => {
    const conditions = [{ path: '/healthz' }, condition as { path: string }]
    expect(() => anonymous({ conditions })).toThrow(
      new ConfigurationError([{ path: 'anonymous.conditions[1].path', message }]),
    )
  })

  it('does not follow the list of conditions it was made from', () => {
    const conditions = [{ path: '/healthz' }]
    const authenticator = anonymous({ conditions })
    conditions.push({ path: '/admin' })
    expect(authenticator.authenticate(request({ url: '/admin' }), emptyContext)).toBeUndefined()
  })
})

describe('validateAnonymousConfig', () => {
  it.each<[AnonymousConfig, readonly string[]]>([
    [{ enabled: true }, []],
    [{ enabled: false }, []],
    [{ enabled: false, conditions: [] }, []],
    [{ enabled: true, conditions: [{ path: '/healthz' }] }, []],
    [{ enabled: false, conditions: [{ path: '/healthz' }] }, ['a.conditions']],
    [
      { enabled: true, conditions: [{ path: '' }, { path: '/' }, { path: '' }] },
      ['a.conditions[0].path', 'a.conditions[2].path'],
    ],
  ])('of %j finds problems at %j', (config, paths) => {
    expect(validateAnonymousConfig(config, 'a').map((problem) => problem.path)).toEqual(paths)
  })
})

describe('resolveAnonymous', () => {
  it.each([
    ['yes by default', {}, { enabled: true }, 0],
    ['what the flag says', { anonymousAuth: false }, { enabled: false }, 0],
    ['what the file says', { configuration: { enabled: false } }, { enabled: false }, 0],
    [
      'a problem where both say something',
      { anonymousAuth: false, configuration: { enabled: false } },
      { enabled: false },
      1,
    ],
    [
      'a problem where the file contradicts itself',
      { configuration: { enabled: false, conditions: [{ path: '/' }] } },
      { enabled: false, conditions: [{ path: '/' }] },
      1,
    ],
  ])('is %s', (_, sources, config, problems) => {
    const resolved = resolveAnonymous(sources)
    expect(resolved.config).toEqual(config)
    expect(resolved.problems).toHaveLength(problems)
  })
})
