import { describe, expect, it } from 'vitest'
import { keyOf } from '../test/sessions.ts'
import { webLoginProblems } from './options.ts'

const issuer = 'https://issuer.example.com'
const other = 'https://other.example.com'
const tokens = [{ name: 'any', authenticateToken: () => undefined }]
const app = { publicUrl: 'https://app.example.com', keys: [keyOf(1)] }
const one = { ...app, issuer, clientId: 'app' }
const signing = { clientAssertion: () => 'signed' }

/** Options of two providers. */
const two = (first: object, second: object = {}): object => ({
  ...app,
  providers: [
    { name: 'a', issuer, clientId: 'app', ...first },
    { name: 'b', issuer: other, clientId: 'app', ...second },
  ],
})

describe('the options of a login', () => {
  it.each<[string, object]>([
    ['one provider', one],
    ['two providers', two({})],
    ['one provider in the list', { ...app, providers: [{ issuer, clientId: 'app' }] }],
    ['a fetch for all providers', { ...two({}), fetch: () => undefined }],
    ['claims', { ...one, usernameClaim: 'email' }],
    ['tokens instead of claims', { ...one, tokens }],
    ['a client that signs', { ...one, ...signing }],
    ['a secret in the body', { ...one, clientSecret: 'x', clientAuthentication: 'post' }],
    ['http for localhost', { ...one, publicUrl: 'http://localhost:3000' }],
    ['http for 127.0.0.1', { ...one, publicUrl: 'http://127.0.0.1:3000' }],
    ['http for ::1', { ...one, publicUrl: 'http://[::1]' }],
  ])('may have %s', (_, options) => {
    expect(webLoginProblems(options)).toEqual([])
  })

  it.each<[string, object, readonly string[]]>([
    ['no provider', app, ['issuer: is required', 'clientId: is required']],
    ['no client id', { ...app, issuer }, ['clientId: is required']],
    [
      'providers and the options of one',
      { ...two({}), issuer, scopes: ['email'] },
      ['issuer: must be set in providers', 'scopes: must be set in providers'],
    ],
    [
      'tokens and claims',
      { ...one, tokens, usernameClaim: 'email' },
      ['usernameClaim: cannot be set together with tokens'],
    ],
    [
      'tokens and claims of a provider',
      { ...two({}, { usernameClaim: 'email' }), tokens },
      ['providers[1].usernameClaim: cannot be set together with tokens'],
    ],
    [
      'a client with a secret that signs',
      { ...one, ...signing, clientSecret: 'x' },
      ['clientAssertion: cannot be set together with clientSecret'],
    ],
    [
      'a client of a provider with a secret that signs',
      two({}, { ...signing, clientSecret: 'x' }),
      ['providers[1].clientAssertion: cannot be set together with clientSecret'],
    ],
    [
      'a place for a secret that is not there',
      { ...one, clientAuthentication: 'post' },
      ['clientAuthentication: is for clientSecret only'],
    ],
    [
      'providers without names',
      two({ name: undefined }, { name: undefined }),
      ['providers[0].name: is required', 'providers[1].name: is required'],
    ],
    ['providers of one name', two({ name: 'b' }), ['providers: must have different names']],
    ['providers of one issuer', two({ issuer: other }), ['providers: must have different issuers']],
    [
      'the path of a callback twice',
      { ...two({}), routes: { logout: '/login/callback/b' } },
      ['routes.logout: is the path of callback too'],
    ],
    ...[
      undefined,
      'app.example.com',
      'https://app.example.com/',
      'https://*.example.com',
      'http://app.example.com',
      'http://localhost.example.com',
      'http://my-localhost',
      'http://127.0.0.1.example.com',
      'ftp://localhost',
    ].map((publicUrl): [string, object, readonly string[]] => [
      `the origin ${publicUrl}`,
      { ...one, publicUrl },
      [
        publicUrl === undefined
          ? 'publicUrl: is required'
          : 'publicUrl: must be an origin, such as https://app.example.com; http is for localhost only',
      ],
    ]),
  ])('cannot have %s', (_, options, problems) => {
    expect(webLoginProblems(options).map(({ path, message }) => `${path}: ${message}`)).toEqual(problems)
  })

  it('must be an object', () => {
    expect(webLoginProblems(null)).not.toEqual([])
  })
})
