import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { fixedClock, knows, jane, passwords, requests, tokens } from '../../../testing/test/fakes.ts'
import { fakeFetch, issuerAnswers, jwksOf, rsaKey } from '../../../core/test/issuer.ts'
import {
  audienceAgnostic,
  authenticatedGroup,
  type Authenticator,
  authenticatorChain,
  basic,
  bearerToken,
  failFast,
  type TokenAuthenticator,
  union,
  webSocketProtocol,
} from '@kube-authn/core'
import { authenticationConfiguration } from '@kube-authn/core/configuration'
import { cached, cachedUnion } from '@kube-authn/core/remote'
import {
  clientCertificate,
  cloudflareCertificates,
  cloudflareClientCertificate,
  requestHeader,
} from '@kube-authn/core/client-certificate'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import { serviceAccountObjects, serviceAccountToken } from '@kube-authn/core/service-account'
import { securitySchemes } from './security-schemes.ts'

/** It compiles the schema of a version once. */
const validator = new Validator()
const key = rsaKey('a')
const opaque: TokenAuthenticator = tokens(knows(jane))
/** It reads a header of its own. */
const inHeader: Authenticator = {
  ...requests(knows(jane)),
  credentials: { schemes: [], known: [() => [{ type: 'header', name: 'X-Auth-Token' }]] },
}
const accounts = serviceAccountToken({
  issuers: ['https://kubernetes.default.svc'],
  keys: [],
  objects: serviceAccountObjects(),
})
const ofIssuer = (url: string, more: object = {}) =>
  oidc({
    issuer: url,
    audience: 'a',
    usernamePrefix: '',
    fetch: fakeFetch(issuerAnswers(jwksOf(key), url)),
    ...more,
  })
const cloud = ofIssuer('https://issuer.example.com/')
const inCluster = oidc({
  issuer: 'https://issuer.example.com',
  audience: 'a',
  discoveryURL: 'https://10.0.0.1/internal',
  usernamePrefix: '',
  fetch: fakeFetch({}),
})
const certificates = clientCertificate({ ca: { current: () => undefined } })

const BEARER = { type: 'http', scheme: 'bearer', description: 'A bearer token' }
const JWT = { ...BEARER, bearerFormat: 'JWT' }
const BASIC = { type: 'http', scheme: 'basic', description: 'A username and a password' }
const MUTUAL_TLS = { type: 'mutualTLS', description: 'A client certificate' }
const OPENID = (url: string) => ({
  type: 'openIdConnect',
  openIdConnectUrl: `${url}/.well-known/openid-configuration`,
  description: 'An ID token of this provider, as a bearer token',
})
const ISSUER = OPENID('https://issuer.example.com')

/** The document of an API that has these, as the JSON that a client gets; it must be one of OpenAPI 3.1. */
async function documentOf(authenticator: Authenticator) {
  const { securitySchemes: schemes, security } = securitySchemes(authenticator)
  const text = JSON.stringify({
    openapi: '3.1.1',
    info: { title: 'An API', version: '1' },
    paths: { '/': { get: { responses: { 200: { description: 'OK' } } } } },
    components: { securitySchemes: schemes },
    security,
  })
  const { valid, errors } = await validator.validate(JSON.parse(text) as Record<string, unknown>)
  expect(errors ?? []).toEqual([])
  expect(valid).toBe(true)
  expect(new Set(security.flatMap((each) => Object.keys(each)))).toEqual(new Set(Object.keys(schemes)))
  return { schemes, security }
}
const chainOf = (options: Parameters<typeof authenticatorChain>[0]): Authenticator =>
  authenticatorChain(options)

describe('securitySchemes', () => {
  it.each<readonly [what: string, authenticator: Authenticator, schemes: object]>([
    ['tokens of which nothing is known', bearerToken(opaque), { BearerAuth: BEARER }],
    ['service accounts', bearerToken(accounts), { BearerAuth: JWT }],
    ['an issuer', bearerToken(cloud), { BearerAuth: JWT, OpenIDConnect: ISSUER }],
    ['an issuer that is asked elsewhere', bearerToken(inCluster), { BearerAuth: JWT, OpenIDConnect: ISSUER }],
    [
      'an issuer of which only keys are known',
      bearerToken(ofIssuer('https://a.example.com', { keySet: localKeySet(jwksOf(key)) })),
      { BearerAuth: JWT },
    ],
    [
      'two issuers',
      bearerToken(union(cloud, ofIssuer('https://b.example.com'))),
      { BearerAuth: JWT, OpenIDConnect: ISSUER, OpenIDConnect2: OPENID('https://b.example.com') },
    ],
    [
      'JWTs and others',
      bearerToken(union<TokenAuthenticator>(opaque, cloud)),
      { BearerAuth: BEARER, OpenIDConnect: ISSUER },
    ],
    ['a cache', bearerToken(cached(cloud)), { BearerAuth: JWT, OpenIDConnect: ISSUER }],
    [
      'one cache of several',
      bearerToken(
        cachedUnion([
          { authenticator: accounts, cache: {} },
          { authenticator: cloud, cache: false },
        ]),
      ),
      { BearerAuth: JWT, OpenIDConnect: ISSUER },
    ],
    [
      'audiences around',
      bearerToken(audienceAgnostic(['a'], cloud)),
      { BearerAuth: JWT, OpenIDConnect: ISSUER },
    ],
    [
      'a group that is added to tokens',
      bearerToken(authenticatedGroup(cached(cloud))),
      { BearerAuth: JWT, OpenIDConnect: ISSUER },
    ],
    ['tokens of WebSockets', webSocketProtocol(accounts), { BearerAuth: BEARER }],
    ['passwords', basic(passwords(knows(jane))), { BasicAuth: BASIC }],
    ['client certificates', certificates, { MutualTLS: MUTUAL_TLS }],
    ['those of Cloudflare', cloudflareClientCertificate(), { MutualTLS: MUTUAL_TLS }],
    ['those of Cloudflare, verified', cloudflareCertificates(certificates), { MutualTLS: MUTUAL_TLS }],
    [
      'a header',
      inHeader,
      {
        'X-Auth-Token': {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Token',
          description: 'A token in the header X-Auth-Token',
        },
      },
    ],
    ['a front proxy', requestHeader({ trusts: () => true, usernameHeaders: ['X-Remote-User'] }), {}],
    ['one that says nothing', requests(knows(jane)), {}],
    [
      'one of another hand',
      { ...requests(knows(jane)), credentials: { schemes: ['Negotiate'] } },
      { NegotiateAuth: { type: 'http', scheme: 'negotiate', description: 'Kerberos, by SPNEGO' } },
    ],
    [
      'everything',
      chainOf({
        tokens: [cached(cloud), accounts],
        passwords: [passwords(knows(jane))],
        clientCertificate: certificates,
        requests: [inHeader],
      }),
      {
        BasicAuth: BASIC,
        BearerAuth: JWT,
        MutualTLS: MUTUAL_TLS,
        'X-Auth-Token': {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Token',
          description: 'A token in the header X-Auth-Token',
        },
        OpenIDConnect: ISSUER,
      },
    ],
  ])('describes %s', async (_, authenticator, expected) => {
    const { schemes, security } = await documentOf(authenticator)
    expect(schemes).toEqual(expected)
    expect(security).toEqual(Object.keys(expected).map((name) => ({ [name]: [] })))
    expect(JSON.stringify(schemes)).not.toContain('10.0.0.1')
  })

  it('says that a credential is optional where requests may be anonymous', async () => {
    const { security } = await documentOf(chainOf({ tokens: [opaque], anonymous: true }))
    expect(security).toEqual([{ BearerAuth: [] }, {}])
  })

  it('says so of the paths that may be', () => {
    const chain = chainOf({
      tokens: [opaque],
      anonymous: { enabled: true, conditions: [{ path: '/healthz' }, { path: '/a b' }] },
    })
    const securityAt = (path?: string) => securitySchemes(chain, path === undefined ? {} : { path }).security
    expect(securityAt()).toEqual([{ BearerAuth: [] }])
    expect(securityAt('/healthz')).toEqual([{ BearerAuth: [] }, {}])
    expect(securityAt('/a b')).toEqual([{ BearerAuth: [] }, {}])
    expect(securityAt('/healthz/')).toEqual([{ BearerAuth: [] }])
  })

  it('needs no credential if every request may be anonymous', () => {
    expect(securitySchemes(failFast(chainOf({ anonymous: true }))).security).toContainEqual({})
  })

  it('tells the issuers that there are by now', async () => {
    const configuration = (...urls: readonly string[]): string =>
      JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: urls.map((url) => ({
          issuer: { url, audiences: ['a'] },
          claimMappings: { username: { claim: 'sub', prefix: '' } },
        })),
      })
    const answers = Object.assign(
      {},
      ...['https://a.example.com', 'https://b.example.com'].map((url) => issuerAnswers(jwksOf(key), url)),
    ) as ReturnType<typeof issuerAnswers>
    const configured = authenticationConfiguration(configuration('https://a.example.com'), {
      clock: fixedClock(),
      fetchFor: () => fakeFetch(answers),
    })
    const chain = chainOf({ tokens: [cached(configured)] })
    expect((await documentOf(chain)).schemes).toEqual({
      BearerAuth: JWT,
      OpenIDConnect: OPENID('https://a.example.com'),
    })
    expect(await configured.update(configuration('https://b.example.com', 'https://a.example.com'))).toBe(
      'updated',
    )
    expect((await documentOf(chain)).schemes).toEqual({
      BearerAuth: JWT,
      OpenIDConnect: OPENID('https://b.example.com'),
      OpenIDConnect2: OPENID('https://a.example.com'),
    })
    configured.close()
  })

  it.each<readonly [what: string, args: readonly unknown[]]>([
    ['nothing', []],
    ['tokens', [opaque]],
    ['an unknown option', [bearerToken(opaque), { paths: '/' }]],
    ['a path that is not a string', [bearerToken(opaque), { path: 1 }]],
  ])('refuses %s', (_, args) => {
    expect(() => void Reflect.apply(securitySchemes, undefined, args)).toThrow(/must be|unknown option/)
  })

  it('is checked by a validator that sees mistakes', async () => {
    const { valid } = await validator.validate({
      openapi: '3.1.1',
      info: { title: 'An API', version: '1' },
      paths: {},
      components: { securitySchemes: { a: { type: 'openIdConnect' } } },
    })
    expect(valid).toBe(false)
  })
})
