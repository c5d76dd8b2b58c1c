import { once } from 'node:events'
import { createServer } from 'node:https'
import type { CertificateAuthority } from '@kube-authn/testing'
import { Provider } from 'oidc-provider'
import { openBrowser } from './browser.ts'
import { CLIENT_SECRET, newSigningKeys, people, type Person, REDIRECT_URI } from './identity-provider.ts'
import { freePort } from './ports.ts'

/** The `oidc-provider` of npm, with a client for a command, a native app without a secret, and one with a secret. */
export interface PlugInIssuer {
  readonly issuer: string
  /** Logs a person in with a browser, beginning at this address, until the browser leaves the issuer or has nothing to fill in. Returns where it is. */
  logIn(person: Person, address: string, fields?: Readonly<Record<string, string>>): Promise<string>
  /** How long ID tokens are valid. */
  setLifetime(seconds: number): void
  /** The grants that the token endpoint was asked for. */
  readonly grants: readonly string[]
  close(): Promise<void>
}

export const PLUG_IN_CLIENT = 'kubectl'
/** The client with {@link CLIENT_SECRET}. */
export const SECRET_CLIENT = 'kubernetes'
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

/** Starts one over TLS. */
export async function plugInIssuer(pki: CertificateAuthority): Promise<PlugInIssuer> {
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const port = await freePort()
  const issuer = `https://127.0.0.1:${port}`
  const grants: string[] = []
  let lifetime = 600
  const provider = new Provider(issuer, {
    jwks: { keys: [...(await newSigningKeys())] },
    clients: [
      {
        client_id: PLUG_IN_CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        // A native app may return to any port of the loopback interface.
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE],
        response_types: ['code'],
      },
      {
        client_id: SECRET_CLIENT,
        client_secret: CLIENT_SECRET,
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'offline_access', 'groups'],
    claims: { openid: ['sub'], groups: ['groups'] },
    features: { deviceFlow: { enabled: true } },
    conformIdTokenClaims: false,
    pkce: { required: (_ctx, { clientId }) => clientId === PLUG_IN_CLIENT },
    cookies: { keys: [crypto.randomUUID()] },
    ttl: { IdToken: () => lifetime },
    findAccount(_ctx, id) {
      const person = Object.values<Person>(people).find(({ name }) => name === id)
      if (person === undefined) return undefined
      return { accountId: id, claims: () => Promise.resolve({ sub: id, groups: [...person.groups] }) }
    },
  })
  provider.on('grant.success', (ctx) => {
    grants.push(String(ctx.oidc.params?.['grant_type']))
  })
  const answer = provider.callback()
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (req, res) => void answer(req, res))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    issuer,
    grants,
    setLifetime(seconds) {
      lifetime = seconds
    },
    async logIn({ name, password }, address, fields = {}) {
      const browser = openBrowser(pki.caPem)
      try {
        let place = address
        let page = await browser.visit(place)
        for (let step = 0; step < 20; step++) {
          const [, action] = /<form[^>]*action="([^"]+)"/.exec(page.body) ?? []
          if (page.location !== undefined) {
            place = page.location
            if (!place.startsWith(issuer)) return place
            page = await browser.visit(place)
          } else if (action === undefined) return place
          else {
            const hidden = [...page.body.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)]
            const form = {
              ...Object.fromEntries(hidden.map(([, field = '', value = '']) => [field, value])),
              ...fields,
              login: name,
              password,
              confirm: 'yes',
            }
            place = new URL(action, place).href
            page = await browser.visit(place, { form })
          }
        }
        throw new Error('the login does not end')
      } finally {
        browser.close()
      }
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
