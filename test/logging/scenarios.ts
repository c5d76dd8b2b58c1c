import {
  type Authenticator,
  authenticatorChain,
  type Log,
  unavailable,
  type UserInfo,
} from '@kube-authn/core'
import { authenticateRequest, authorizeRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { clientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { oidc } from '@kube-authn/core/oidc'
import { passwordFile } from '@kube-authn/core/password-file'
import { webhookAuthenticator } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'
import { groupsGuard } from '@kube-authn/core/internal'
import { createIssuer, createPki, fakeRequest, fakeUser } from '@kube-authn/testing'

type Headers = readonly (readonly [name: string, value: string])[]

const issuer = await createIssuer({ url: 'https://issuer.example.com' })
const stranger = await createIssuer({ url: 'https://issuer.example.com' })
const pki = await createPki()
const otherPki = await createPki()
const users = { tokens: [tokenFile('31ada4fd-adec-460c-809a-9e56ceb75269,jane,1,"dev,ops"')] }
const login = authenticatorChain({
  tokens: [oidc({ issuer: issuer.url, audience: 'my-app', fetch: issuer.fetch })],
})
const jane = fakeUser({ username: 'jane', groups: ['dev', 'system:authenticated'] })
const policy = rbac(parseRbac(''))

const from = (headers: Headers, method = 'GET', more: object = {}): ReturnType<typeof fakeRequest> =>
  Object.assign(fakeRequest({ method, url: '/orders', headers: [...headers] }), {
    clientAddress: () => '203.0.113.7',
    ...more,
  })

const bearer = (token: string): Headers => [['Authorization', `Bearer ${token}`]]

const refused =
  (
    authenticator: Authenticator,
    headers: Headers | (() => Promise<Headers>),
    method?: string,
    more?: object,
  ) =>
  async (log: Log): Promise<unknown> =>
    authenticateRequest(authenticator, { log })(
      from(typeof headers === 'function' ? await headers() : headers, method, more),
    )

/** A request that lost its credential to an earlier `authentication`. */
const acceptedBefore =
  (authenticator: Authenticator) =>
  async (log: Log): Promise<unknown> => {
    const before = await authenticateRequest(authenticatorChain(users))(
      from(bearer('31ada4fd-adec-460c-809a-9e56ceb75269')),
    )
    const accepted = 'failure' in before ? undefined : before
    return authenticateRequest(authenticator, { log })(from([]), { accepted })
  }

const token =
  (claims: object, by = issuer) =>
  async (): Promise<Headers> =>
    bearer(await by.sign({ sub: 'jane', aud: 'my-app', ...claims }))

const forbidden =
  (decide: (log: Log, user: UserInfo | undefined) => unknown, user: UserInfo | undefined = jane) =>
  async (log: Log): Promise<unknown> =>
    decide(log, user)

const refusing = (error: unknown) => (): never => {
  throw error
}

/** Every mistake of docs/troubleshooting.md: each leaves one line. */
export const scenarios: Readonly<Record<string, (log: Log) => Promise<unknown>>> = {
  'no credential': refused(authenticatorChain(users), []),
  'a cookie': refused(authenticatorChain(users), [['Cookie', 'session=1']]),
  'authentication before, by another authenticator': acceptedBefore(authenticatorChain(users)),
  'a preflight': refused(authenticatorChain(users), [['Access-Control-Request-Method', 'GET']], 'OPTIONS'),
  'an unreadable header': refused(authenticatorChain(users), [['Authorization', 'Bearer  two-spaces']]),
  'a scheme without an authenticator': refused(authenticatorChain(users), [
    ['Authorization', `Basic ${btoa('jane:pw')}`],
  ]),
  'an unknown token': refused(authenticatorChain(users), bearer('31ada4fd')),
  'another issuer': refused(login, token({ iss: 'https://login.example.org' })),
  'another audience': refused(login, token({ aud: 'another-app' })),
  'an expired token': refused(login, token({ exp: 1_700_000_000 })),
  'another key': refused(login, token({}, stranger)),
  'a missing claim': refused(login, token({ sub: undefined })),
  'a page of another site': refused(
    authenticatorChain({ passwords: [passwordFile('pw,jane,1')] }),
    [
      ['Host', 'app.example.com'],
      ['Authorization', `Basic ${btoa('jane:pw')}`],
      ['Origin', 'https://evil.example'],
    ],
    'POST',
  ),
  'a wrong password': refused(authenticatorChain({ passwords: [passwordFile('pw,jane,1')] }), [
    ['Authorization', `Basic ${btoa('jane:guess')}`],
  ]),
  'no certificate is requested': refused(
    authenticatorChain({ clientCertificate: clientCertificate({ ca: pki.caPem }) }),
    [],
    'GET',
    {
      requestsCertificate: () => false,
    },
  ),
  'another CA': async (log) => {
    const { chainDer } = await otherPki.issueClient({ commonName: 'jane' })
    return refused(
      authenticatorChain({ clientCertificate: clientCertificate({ ca: pki.caPem }) }),
      [],
      'GET',
      {
        peerCertificates: () => chainDer,
      },
    )(log)
  },
  'headers of a proxy without its certificate': refused(
    authenticatorChain({
      requestHeader: requestHeader({
        ca: pki.caPem,
        allowedNames: ['front-proxy'],
        usernameHeaders: ['X-Remote-User'],
      }),
    }),
    [['X-Remote-User', 'jane']],
  ),
  'an issuer out of reach': refused(
    authenticatorChain({
      tokens: [
        oidc({
          issuer: issuer.url,
          audience: 'my-app',
          timeoutSeconds: 1,
          fetch: refusing(
            new TypeError('fetch failed', {
              cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
            }),
          ),
        }),
      ],
    }),
    token({}),
  ),
  'a webhook out of reach': refused(
    authenticatorChain({
      tokens: [
        webhookAuthenticator({
          url: 'https://tokens.example.com/',
          maxAttempts: 1,
          fetch: refusing(
            new TypeError('fetch failed', {
              cause: Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
            }),
          ),
        }),
      ],
    }),
    bearer('31ada4fd'),
  ),
  'too many checks': async (log) =>
    authenticateRequest(
      authenticatorChain({
        tokens: [
          {
            name: 'lookup',
            authenticateToken: refusing(unavailable('too many checks', { retryAfterSeconds: 1 })),
          },
        ],
      }),
      { log },
    )(from(bearer('31ada4fd'))),
  'no permission': forbidden((log, user) => authorizeRequest(policy, { log })(from([]), user)),
  'a missing group': forbidden((log, user) =>
    groupsGuard('admins', { log })(from([]), user === undefined ? undefined : { user }),
  ),
  'no user': (log) => Promise.resolve(authorizeRequest(policy, { log })(from([]), undefined)),
  'no impersonation middleware': refused(authenticatorChain(users), [
    ...bearer('31ada4fd-adec-460c-809a-9e56ceb75269'),
    ['Impersonate-User', 'superman'],
  ]),
  'no permission to impersonate': forbidden((log, user) =>
    impersonateRequest(policy, { log })(from([['Impersonate-User', 'superman']]), user),
  ),
}
