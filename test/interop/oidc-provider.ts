import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { Provider } from 'oidc-provider'
import { openBrowser } from './browser.ts'
import {
  authorizationRequest,
  CLIENT_SECRET,
  clientFor,
  type IdentityProvider,
  type IdentityProviderOptions,
  idTokenFor,
  newSigningKeys,
  people,
  type Person,
  REDIRECT_URI,
  type SigningJwk,
} from './identity-provider.ts'
import { freePort } from './ports.ts'

/** The `oidc-provider` of npm, in this process. Stopping it loses everything but its keys. */
export async function oidcProvider({
  pki,
  cacheControl,
}: IdentityProviderOptions): Promise<IdentityProvider> {
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const port = await freePort()
  const issuer = `https://127.0.0.1:${port}`
  let keys = await newSigningKeys()
  let server: Server | undefined

  const start = async (): Promise<void> => {
    if (server !== undefined) return
    const provider = createProvider(issuer, keys)
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.path === '/jwks' && cacheControl !== undefined) ctx.set('cache-control', cacheControl)
    })
    const answer = provider.callback()
    server = createServer({ cert: chainPem, key: privateKeyPem }, (req, res) => void answer(req, res))
    await once(server.listen(port, '127.0.0.1'), 'listening')
  }
  const stop = async (): Promise<void> => {
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    server = undefined
    await closed
  }

  return {
    issuer,
    start,
    stop,
    close: stop,
    async rotate({ withdrawOthers = false } = {}) {
      keys = [...(await newSigningKeys()), ...(withdrawOthers ? [] : keys)]
      await stop()
      await start()
    },
    async logIn({ name, password }, algorithm) {
      const browser = openBrowser(pki.caPem)
      try {
        const query = new URLSearchParams(authorizationRequest(algorithm, 'openid email groups'))
        let page = await browser.visit(`${issuer}/auth?${String(query)}`)
        for (let step = 0; step < 12; step++) {
          const { location = '' } = page
          if (location.startsWith(REDIRECT_URI)) {
            return await idTokenFor({ location, algorithm, endpoint: `${issuer}/token` }, browser)
          }
          page = await browser.visit(...onwards(page, { login: name, password }))
        }
        throw new Error('the login does not end')
      } finally {
        browser.close()
      }
    },
  }

  /** The browser's next step: following the redirect, or submitting the form. */
  function onwards(
    { location, body }: { readonly location: string | undefined; readonly body: string },
    credentials: Readonly<Record<string, string>>,
  ): Parameters<ReturnType<typeof openBrowser>['visit']> {
    if (location !== undefined) return [location]
    const [, action = ''] = /action="([^"]+)"/.exec(body) ?? []
    const [, prompt = ''] = /name="prompt" value="([^"]+)"/.exec(body) ?? []
    return [
      new URL(action, issuer).href,
      { form: prompt === 'login' ? { prompt, ...credentials } : { prompt } },
    ]
  }
}

function createProvider(issuer: string, keys: readonly SigningJwk[]): Provider {
  const known = new Map<string, Person>(Object.entries(people))
  return new Provider(issuer, {
    jwks: { keys: [...keys] },
    clients: (['RS256', 'ES256'] as const).map((algorithm) => ({
      client_id: clientFor[algorithm],
      client_secret: CLIENT_SECRET,
      redirect_uris: [REDIRECT_URI],
      id_token_signed_response_alg: algorithm,
    })),
    scopes: ['openid', 'email', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups', 'team'] },
    // As Kubernetes needs it: the claims of a scope are in the token itself.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    cookies: { keys: [crypto.randomUUID()] },
    ttl: { IdToken: 600 },
    findAccount(_ctx, id) {
      const person = known.get(id)
      if (person === undefined) return undefined
      const { email, groups, team } = person
      return {
        accountId: id,
        claims: () => Promise.resolve({ sub: id, email, email_verified: true, groups: [...groups], team }),
      }
    },
  })
}
