import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { listen } from '@kube-authn-example/material'
import { exportJWK, generateKeyPair } from 'jose'
import { errors, Provider } from 'oidc-provider'

/** Options of {@link startOidcProvider}. */
export interface OidcProviderOptions {
  /** 0 chooses a free port. */
  readonly port: number
  /** The TLS certificate for `localhost`. */
  readonly certificate: string
  readonly privateKey: string
  /** The only client, and the audience of its tokens. */
  readonly clientId: string
  readonly clientSecret: string
  /** The users who can log in, by the subject of their tokens. */
  readonly users: ReadonlyMap<string, OidcUser>
}

/** A user who can log in. */
export interface OidcUser {
  readonly password: string
  /** Further claims of their tokens. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** A running provider. */
export interface RunningOidcProvider {
  /** Its name in tokens, and its address. */
  readonly issuer: string
  close(): Promise<void>
}

/**
 * Starts an OpenID Connect provider in this process, with a new key each time. Browsers would use its login pages. A shell cannot, so
 * this provider accepts a user's password at its token endpoint, and returns an ID token.
 */
export async function startOidcProvider(options: OidcProviderOptions): Promise<RunningOidcProvider> {
  const { port, certificate, privateKey } = options
  const server = createServer({ cert: certificate, key: privateKey })
  // The issuer URL contains the port, so the provider can only be created after this.
  const issuer = `https://localhost:${await listen(server, { port })}`
  const provider = await createProvider(issuer, options)
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return {
    issuer,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function createProvider(
  issuer: string,
  { clientId, clientSecret, users }: OidcProviderOptions,
): Promise<Provider> {
  const keys = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(keys.privateKey)), use: 'sig', alg: 'RS256' }] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['password'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    claims: { openid: ['sub'], groups: ['groups'] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: { devInteractions: { enabled: false } },
    ttl: { IdToken: 600 },
  })
  provider.registerGrantType<{ readonly username?: string; readonly password?: string }>(
    'password',
    async (ctx) => {
      const { username = '', password = '' } = ctx.oidc.params
      const user = users.get(username)
      // For an unknown user, compares with a random password, so that both cases take the same time.
      if (!isSame(password, user?.password ?? randomBytes(32).toString('hex')) || user === undefined) {
        throw new errors.InvalidGrant('wrong username or password')
      }
      const token = new provider.IdToken({}, { ctx })
      for (const [name, value] of Object.entries({ ...user.claims, sub: username })) token.set(name, value)
      ctx.body = { id_token: await token.issue({ use: 'idtoken' }), token_type: 'Bearer', expires_in: 600 }
    },
    ['username', 'password'],
  )
  return provider
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
