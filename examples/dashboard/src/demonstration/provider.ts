import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createFetch } from '@kube-authn/node'
import { listen } from '@kube-authn-example/material'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import type { Person } from './people.ts'

/** Options of {@link startProvider}. */
export interface ProviderOptions {
  readonly issuer: string
  readonly certificate: string
  readonly privateKey: string
  readonly people: ReadonlyMap<string, Person>
  /** The only client. */
  readonly client: {
    readonly id: string
    readonly secret: string
    readonly origin: string
    readonly ca: string
  }
  /** What the operator sends to close an account. */
  readonly operatorToken: string
  readonly idTokenSeconds: number
}

/** A running provider. */
export interface RunningProvider {
  readonly server: Server
  /**
   * Closes an account: no login, no new id token. Resolves when the client was told.
   *
   * @param silently does not tell the client, as providers without back-channel logout.
   */
  closeAccount(name: string, silently?: boolean): Promise<void>
  close(): Promise<void>
}

/** Starts a provider for development: it has a page for logins, and accepts every password. */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const { issuer, certificate, privateKey, client, operatorToken } = options
  const closed = new Set<string>()
  const fetch = createFetch({ ca: client.ca })
  const provider = await createProvider(options, closed, fetch)
  provider.use(async (ctx, next) => {
    const session = await provider.Session.get(ctx)
    if (closed.has(session.accountId ?? '')) await session.destroy()
    await next()
  })
  const answer = provider.callback()

  const closeAccount = async (name: string, silently = false): Promise<void> => {
    closed.add(name)
    if (silently) return
    const known = await provider.Client.find(client.id)
    // It is not in the types. Without the id of a session it is about all sessions of the user.
    const logout: unknown = known?.['backchannelLogout']
    if (typeof logout === 'function') await Reflect.apply(logout, known, [name])
  }
  const operate = async (req: IncomingMessage, res: ServerResponse, target: URL): Promise<void> => {
    const [, name = ''] = /^\/accounts\/(\w+)\/close$/.exec(target.pathname) ?? []
    const isAllowed = req.method === 'POST' && isSame(req.headers.authorization, `Bearer ${operatorToken}`)
    if (isAllowed) await closeAccount(name, target.searchParams.has('silently'))
    res.writeHead(isAllowed ? 204 : 403).end()
  }

  const server = createServer({ cert: certificate, key: privateKey }, (req, res) => {
    const target = new URL(req.url ?? '/', issuer)
    if (target.pathname.startsWith('/accounts/')) void operate(req, res, target)
    else void answer(req, res)
  })
  const { hostname, port } = new URL(issuer)
  await listen(server, { port: Number(port), host: hostname, setting: 'provider.issuer in dashboard.yaml' })
  return {
    server,
    closeAccount,
    async close() {
      fetch.close()
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function createProvider(
  { issuer, people, client, idTokenSeconds }: ProviderOptions,
  closed: ReadonlySet<string>,
  fetch: ReturnType<typeof createFetch>,
): Promise<Provider> {
  const keys = await generateKeyPair('RS256', { extractable: true })
  return new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(keys.privateKey)), use: 'sig', alg: 'RS256' }] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [`${client.origin}/login/callback`],
        post_logout_redirect_uris: [`${client.origin}/logout/done`],
        backchannel_logout_uri: `${client.origin}/logout/backchannel`,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    scopes: ['openid', 'email', 'groups', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    // The claims of a scope are in the id token itself.
    conformIdTokenClaims: false,
    features: { backchannelLogout: { enabled: true } },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    ttl: { IdToken: idTokenSeconds },
    // For the back-channel logout, which trusts the CA of the client.
    fetch: (url, { method, body, headers } = {}) =>
      fetch(new Request(url).url, {
        method: method ?? 'GET',
        headers: Object.fromEntries(new Headers(headers)),
        body: typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : null,
      }),
    findAccount(_ctx, id) {
      const person = people.get(id)
      if (person === undefined || closed.has(id)) return undefined
      const { email, groups } = person
      return {
        accountId: id,
        claims: () => Promise.resolve({ sub: id, email, email_verified: true, groups: [...groups] }),
      }
    },
  })
}

function isSame(given: string | undefined, expected: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
