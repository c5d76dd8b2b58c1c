import { authenticateRequest } from '@kube-authn/core/adapter'
import { bearerToken, emptyContext, rejected, unavailable } from '@kube-authn/core'
import { describe, expect, test } from 'vitest'
import {
  always,
  fails,
  fakeAuthenticator,
  fakePasswordAuthenticator,
  fakeRequest,
  fakeTokenAuthenticator,
  fakeUser,
  later,
  noOpinion,
  recordEvents,
} from './index.ts'

describe('fakeUser', () => {
  test('is a whole, frozen user without being told anything', () => {
    const user = fakeUser()
    expect(user.username).toBe('jane')
    expect(user.uid).not.toBe('')
    expect(user.groups).toContain('system:authenticated')
    expect(user.extra).toEqual({})
    expect(Object.isFrozen(user)).toBe(true)
  })

  test('is what it is told', () => {
    const user = fakeUser({ username: 'bob', groups: [], extra: { 'example.com/project': ['a'] } })
    expect(user).toMatchObject({ username: 'bob', groups: [], extra: { 'example.com/project': ['a'] } })
  })
})

describe('a fake authenticator', () => {
  test.each([
    ['about requests', fakeAuthenticator(always(fakeUser())).authenticate(fakeRequest(), emptyContext)],
    ['about tokens', fakeTokenAuthenticator(always(fakeUser())).authenticateToken('t', emptyContext)],
    [
      'about passwords',
      fakePasswordAuthenticator(always(fakeUser())).authenticatePassword('u', 'p', emptyContext),
    ],
  ])('%s answers with the user it was given', (_, answer) => {
    expect(answer).toEqual({ user: fakeUser() })
  })

  test('has no opinion when told so', () => {
    expect(fakeTokenAuthenticator(noOpinion()).authenticateToken('t', emptyContext)).toBeUndefined()
  })

  test('rejects by default when it is to fail', () => {
    const tokens = fakeTokenAuthenticator(fails())
    expect(() => tokens.authenticateToken('t', emptyContext)).toThrow(rejected('the credential is bad'))
  })

  test('fails later when told so, without throwing now', async () => {
    const tokens = fakeTokenAuthenticator(later(fails(unavailable('down'))))
    await expect(tokens.authenticateToken('t', emptyContext)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('hands on what else is known of the user', () => {
    const answer = always(fakeUser(), { audiences: ['api'], expiresAtMs: 5 })()
    expect(answer).toMatchObject({ audiences: ['api'], expiresAtMs: 5 })
  })

  test('may look at what it is asked, and keeps it', () => {
    const passwords = fakePasswordAuthenticator((username, password) =>
      password === 'secret' ? { user: fakeUser({ username }) } : undefined,
    )
    expect(passwords.authenticatePassword('bob', 'wrong', emptyContext)).toBeUndefined()
    expect(passwords.authenticatePassword('bob', 'secret', emptyContext)).toMatchObject({
      user: { username: 'bob' },
    })
    expect(passwords.calls.map(({ password }) => password)).toEqual(['wrong', 'secret'])
  })
})

describe('fakeRequest', () => {
  test('is a GET of / without headers or certificates', () => {
    const request = fakeRequest()
    expect(request).toMatchObject({ method: 'GET', path: '/', query: '', httpVersionMajor: 1 })
    expect([...request.headers.entries()]).toEqual([])
    expect(request.peerCertificates?.()).toEqual([])
  })

  test.each([
    ['/a%20b?c=d', '/a%20b', 'c=d'],
    ['https://example.com/a?b', '/a', 'b'],
    ['https://example.com', '/', ''],
  ])('splits %s into path and query', (url, path, query) => {
    expect(fakeRequest({ url })).toMatchObject({ path, query })
  })

  test('keeps repeated headers apart and values as text', () => {
    const { headers } = fakeRequest({
      headers: [
        ['X-Remote-Group', 'a, b'],
        ['x-remote-group', 'żółć'],
      ],
    })
    expect(headers.exact).toBe(true)
    expect(headers.all('x-remote-group')).toEqual(['a, b', 'żółć'])
  })
})

describe('recordEvents', () => {
  test('keeps every event in order, and gives those of one type', async () => {
    const recorded = recordEvents()
    const authenticate = authenticateRequest(bearerToken(fakeTokenAuthenticator(always(fakeUser()))), {
      observer: recorded.observer,
    })
    await authenticate(fakeRequest({ headers: [['Authorization', 'Bearer secret']] }))
    expect(recorded.events.map((event) => event.type)).toEqual([
      'consulting',
      'consulting',
      'consulted',
      'consulted',
      'request',
    ])
    expect(recorded.ofType('request').map((event) => event.result)).toEqual(['success'])
    recorded.clear()
    expect(recorded.events).toEqual([])
  })
})
