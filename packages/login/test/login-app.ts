import { authenticatorChain, type LogEntry, type TokenAuthenticator } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { revocationList, type Revocations, unlessRevoked } from '@kube-authn/core/revocation'
import { authentication, type AuthenticationEnv, getUser } from '@kube-authn/hono'
import { cookieSessions, webLogin } from '@kube-authn/login'
import { loginRoutes, requireLogin } from '@kube-authn/login/hono'
import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { Hono } from 'hono'
import { type LoginProvider, loginProvider } from './login-provider.ts'

export const ORIGIN = 'https://app.example.com'
export const KEYS: readonly string[] = ['k9Sx3mQv7ZtR0pLbW2cYd8uEhJf5oNaG1iKlM4qTsVw']

type LoginOptions = Parameters<typeof webLogin>[0]

/** An app with a login, and everything that it logged. */
export interface LoginApp {
  readonly clock: FixedClock
  readonly providers: readonly LoginProvider[]
  readonly app: Hono<AuthenticationEnv>
  readonly log: readonly LogEntry[]
  readonly login: ReturnType<typeof webLogin>
  readonly tokens: readonly TokenAuthenticator[]
}

export interface LoginAppOptions {
  readonly options?: Partial<LoginOptions>
  /** Whether its client has no secret. */
  readonly isPublic?: boolean
  /** Default: one. */
  readonly urls?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly sessions?: Partial<Parameters<typeof cookieSessions>[0]>
  /** Asked by the token authenticators, and not by the chain. */
  readonly revocations?: Revocations
}

/** An app in Hono whose pages tell who sees them. */
export async function loginApp({
  options = {},
  isPublic = false,
  urls = ['https://issuer.example.com'],
  metadata = {},
  sessions = {},
  revocations = revocationList(),
}: LoginAppOptions = {}): Promise<LoginApp> {
  const clock = fixedClock()
  const providers = await Promise.all(urls.map((url) => loginProvider({ url, clock, metadata })))
  const fetch: LoginProvider['fetch'] = (url, init) => {
    const provider = providers.find(({ issuer }) => url.startsWith(issuer.url))
    if (provider === undefined) throw new Error(`nothing is at ${url}`)
    return provider.fetch(url, init)
  }
  const tokens = urls.map((issuer) =>
    unlessRevoked(
      revocations,
      oidc({ issuer, audience: 'my-app', clock, fetch, usernamePrefix: 'oidc:', discoverAtOnce: false }),
    ),
  )
  const log: LogEntry[] = []
  const clients = urls.map((issuer, index) => ({
    name: `p${index}`,
    issuer,
    clientId: 'my-app',
    ...(!isPublic && { clientSecret: 'client-secret' }),
  }))
  const [first] = clients
  const login = webLogin({
    ...(clients.length === 1 && first !== undefined ? { ...first, name: 'default' } : { providers: clients }),
    publicUrl: ORIGIN,
    tokens,
    keys: KEYS,
    sessions: cookieSessions({ keys: KEYS, clock, ...sessions }),
    clock,
    fetch,
    log: (entry) => log.push(entry),
    ...options,
  })
  const { tokens: verifying = tokens } = options
  const chain = authenticatorChain({ requests: [login.authenticator], tokens: verifying })
  const app = new Hono<AuthenticationEnv>()
  app
    .use(loginRoutes(login))
    .use(authentication(chain, { onFailure: requireLogin(login), log: false }))
    .use('/cached', async (c, next) => {
      await next()
      c.header('Cache-Control', 'public, max-age=3600')
    })
    .all('*', (c) => c.json({ user: getUser(c), cookie: c.req.header('cookie') ?? null }))
  return { clock, providers, app, log, login, tokens }
}
