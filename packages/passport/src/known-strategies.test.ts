import { authenticateRequest } from '@kube-authn/core/adapter'
import { authenticatorChain, basic, emptyContext } from '@kube-authn/core'
import { fakeRequest } from '@kube-authn/testing'
import { BasicStrategy } from 'passport-http'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import LdapStrategy from 'passport-ldapauth'
import { describe, expect, it, vi } from 'vitest'
import { type Actions, user, strategy, authorized, asBasic, outcome } from '../test/strategies.ts'
import { fromPassport } from './index.ts'

describe('passport-http-bearer', () => {
  const verify = vi.fn((token: string, done: (error: unknown, account?: unknown) => void) => {
    if (token === 'down') done(new Error('the database is down'))
    else done(null, token === 'good' ? { id: 'jane' } : false)
  })
  const one = fromPassport(new BearerStrategy(verify), { user })

  it.each([
    ['Bearer good', 'jane'],
    ['bearer good', 'jane'],
    ['Bearer wrong', 'rejected: bearer refused the credential'],
    ['Bearer down', 'unavailable: bearer failed to check the credential'],
    ['Bearer ', 'no opinion'],
    ['Bearer', 'no opinion'],
    ['Basic YTpi', 'no opinion'],
    ['', 'no opinion'],
    ['Bearer \udcff', 'rejected: the token is not UTF-8'],
    [`Bearer ${'x'.repeat(65_537)}`, 'rejected: bearer token is longer than 65536 characters'],
  ])('with %j is %s', async (authorization, expected) => {
    expect(await outcome(one, authorized(authorization))).toBe(expected)
  })

  it('is not asked about a token in the query', async () => {
    expect(await outcome(one, fakeRequest({ url: '/?access_token=good' }))).toBe('no opinion')
    const both = fakeRequest({ url: '/?access_token=good', headers: [['Authorization', 'Bearer good']] })
    expect(await outcome(one, both)).toBe('jane')
  })

  it('finds none there when it is shown whole requests either', async () => {
    const whole = fromPassport(new BearerStrategy(verify), { as: 'request', user })
    expect(await outcome(whole, fakeRequest({ url: '/?access_token=good' }))).toMatch(/^rejected/)
    expect(await outcome(whole, authorized('Bearer good'))).toBe('jane')
  })

  it('is challenged for, and the credential does not reach the app', async () => {
    const authenticate = authenticateRequest(one)
    expect(await authenticate(fakeRequest())).toMatchObject({
      failure: { status: 401, headers: { 'www-authenticate': 'Bearer realm="kubernetes-master"' } },
    })
    expect(await authenticate(authorized('Bearer good'))).toMatchObject({
      headerChanges: { remove: expect.arrayContaining(['authorization']) },
    })
  })

  it('is one of the tokens of a chain', async () => {
    const chain = authenticatorChain({
      tokens: [fromPassport(new BearerStrategy(verify), { as: 'token', user })],
      anonymous: true,
    })
    expect(await outcome(chain, authorized('Bearer good'))).toBe('jane')
    expect(await outcome(chain, authorized('Bearer wrong'))).toMatch(/^rejected/)
    expect(await outcome(chain, fakeRequest())).toBe('system:anonymous')
  })
})

describe('passport-http', () => {
  const passwords = new Map([
    ['jane', 'secret'],
    ['joe', 'a:b'],
    ['jil', 'a'],
  ])
  const one = fromPassport(
    new BasicStrategy((name, secret, done) =>
      done(null, passwords.get(name) === secret ? { id: name } : false),
    ),
    { user },
  )

  it.each([
    ['jane', 'secret', 'jane'],
    ['jane', 'wrong', 'rejected: basic refused the credential'],
    ['nobody', 'secret', 'rejected: basic refused the credential'],
    ['jane', '', 'rejected: the user name or the password is empty'],
    ['', 'secret', 'rejected: the user name or the password is empty'],
    // It would be checked as `a`, which is jil's password.
    ['jil', 'a:b', 'rejected: basic refused the credential'],
    ['joe', 'a:b', 'rejected: basic refused the credential'],
  ])('with %s and %s is %s', async (name, secret, expected) => {
    expect(await outcome(one, asBasic(name, secret))).toBe(expected)
  })

  it('has no opinion without a password', async () => {
    for (const request of [
      fakeRequest(),
      authorized('Bearer t'),
      authorized('Basic'),
      authorized('Basic %'),
    ]) {
      expect(await outcome(one, request)).toBe('no opinion')
    }
  })
})

describe.each(['ldapauth', 'local', 'any name'])('a strategy for a login form, called %s', (name) => {
  const form = strategy(function ({ body, query }) {
    const [username, password] = [
      body?.['username'] ?? query['username'],
      body?.['password'] ?? query['password'],
    ]
    if (username === undefined || password === undefined) this.fail({ message: 'Missing credentials' }, 400)
    else if (username === 'joe' && password === 'a:b') this.success({ id: 'joe' })
    else this.fail({ message: 'Invalid username/password' }, 401)
  }, name)
  const one = basic(fromPassport(form, { as: 'password', user }))

  it.each([
    ['joe', 'a:b', 'joe'],
    ['joe', 'a', `rejected: ${name} refused the credential`],
    ['joe', '', 'rejected: the user name or the password is empty'],
    ["joe$'", 'a:b', 'rejected: the user name has a replacement pattern'],
    ['joe$&', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['joe$`', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['jo$$e', 'a:b', 'rejected: the user name has a replacement pattern'],
    ['machine$', 'a:b', `rejected: ${name} refused the credential`],
    ['*', 'a:b', `rejected: ${name} refused the credential`],
  ])('gets %s and %s: %s', async (username, password, expected) => {
    expect(await outcome(one, asBasic(username, password))).toBe(expected)
    if (name !== 'any name')
      expect(await outcome(fromPassport(form, { user }), asBasic(username, password))).toBe(expected)
  })

  it.each([
    ['joe:a', 'b'],
    ['joe', '\udcff'],
    ['\udcff', 'a:b'],
  ])('is not asked about %j and %j, which could be mistaken for others', (username, password) => {
    const acceptsAll = vi.fn(function (this: Actions) {
      this.success({ id: 'joe' })
    })
    const passwords = fromPassport(strategy(acceptsAll, name), { as: 'password', user })
    const ask = (): unknown => passwords.authenticatePassword(username, password, emptyContext)
    expect(ask).toThrow(expect.objectContaining({ code: 'rejected' }))
    expect(acceptsAll).not.toHaveBeenCalled()
  })
})

describe('a strategy called negotiate', () => {
  const accepts = strategy(function () {
    this.success({ id: 'jane' })
  }, 'negotiate')
  const one = fromPassport(accepts, { user })

  it.each([
    ['Negotiate t', 'jane'],
    ['negotiate t', 'jane'],
    ['Bearer t', 'no opinion'],
    ['', 'no opinion'],
  ])('runs for its scheme only: %j is %s', async (authorization, expected) => {
    expect(await outcome(one, authorized(authorization))).toBe(expected)
  })

  it('is in the challenge', async () => {
    expect(await authenticateRequest(one)(fakeRequest())).toMatchObject({
      failure: { headers: { 'www-authenticate': expect.stringContaining('Negotiate') } },
    })
  })
})

describe('passport-ldapauth', () => {
  const directory = new LdapStrategy({
    server: {
      url: 'ldap://127.0.0.1:1',
      searchBase: 'dc=example,dc=com',
      searchFilter: '(uid={{username}})',
    },
  })
  const one = fromPassport(directory, { user: ({ uid }: { readonly uid: string }) => ({ username: uid }) })

  it('without a directory could not tell, and never says that a password is wrong', async () => {
    expect(await outcome(one, asBasic('jane', 'secret'))).toBe(
      'unavailable: ldapauth failed to check the credential',
    )
  })

  it.each([fakeRequest(), authorized('Bearer t')])('has no opinion without a password', async (request) => {
    expect(await outcome(one, request)).toBe('no opinion')
  })
})
