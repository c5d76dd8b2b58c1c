import assert from 'node:assert/strict'
import {
  type Authenticator,
  authenticatorChain,
  type PasswordAuthenticator,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { createPki } from '../../pki/pki.ts'
import { authentication, jane, type Rule } from './plan.ts'
import type { RunningApp, SentHeaders } from './running-app.ts'

const OTHER = 'https://evil.example'
const CONSOLE = 'https://console.example.com'

const BEARER = ['Authorization', 'Bearer good'] as const

/** What browsers say about a page: `Sec-Fetch-Site` and `Origin`, where `own` stands for the origin of the app. */
const PAGES: readonly (readonly [
  site: string | undefined,
  origin: string | undefined,
  isElsewhere: boolean,
])[] = [
  [undefined, undefined, false],
  ['same-origin', 'own', false],
  ['same-origin', undefined, false],
  ['none', undefined, false],
  ['none', 'null', false],
  ['cross-site', OTHER, true],
  ['cross-site', 'null', true],
  ['cross-site', undefined, true],
  ['same-site', 'https://evil.app.example.com', true],
  ['same-site', 'own', true],
  ['cross-site', CONSOLE, false],
  ['', OTHER, true],
  [undefined, 'own', false],
  [undefined, OTHER, true],
  [undefined, 'null', true],
  [undefined, CONSOLE, false],
  [undefined, `${CONSOLE}.evil.example`, true],
]

/** Some frameworks refuse a body without a type, even an empty one. */
const NO_BODY: SentHeaders = [['Content-Length', '0']]

const REQUESTS: readonly (readonly [method: string, headers: SentHeaders, mayChange: boolean])[] = [
  ['GET', [], false],
  ['OPTIONS', [], false],
  ['POST', NO_BODY, true],
  ['PUT', NO_BODY, true],
  ['DELETE', NO_BODY, true],
  // As to a WebSocket, in a form that every protocol can send.
  ['GET', [['Sec-WebSocket-Version', '13']], true],
]

/** Requests that browsers make for pages of other sites. */
export const crossSiteRules: readonly Rule[] = [
  {
    name: 'a password that a browser sends for a page of another site is a 403, unless the request changes nothing, and a bearer token counts',
    async test(bench) {
      const middlewares = [authentication(chain())]
      await bench.with({ middlewares }, async (running) => {
        await checkAll(running, ['Authorization', `Basic ${btoa('jane:secret')}`], true)
        await checkAll(running, BEARER, false)
      })
    },
  },
  {
    name: 'a client certificate that a browser sends for a page of another site is a 403, unless the request changes nothing',
    protocols: ['http1', 'http2'],
    async test(bench) {
      const pki = await createPki()
      const client = await pki.issueClient({ commonName: 'jane' })
      const middlewares = [authentication(chain(clientCertificate({ ca: pki.caPem })))]
      await bench.with({ middlewares, tls: { pki, client } }, async (running) => {
        await checkAll(running, undefined, true)
        await checkAll(running, BEARER, false)
      })
    },
  },
  {
    name: 'a wrong password is a 401 for pages of every site',
    async test(bench) {
      await bench.with({ middlewares: [authentication(chain())] }, async ({ send, reached }) => {
        const wrong = ['Authorization', `Basic ${btoa('jane:wrong')}`] as const
        const answer = await send({ method: 'POST', headers: [wrong, ['Sec-Fetch-Site', 'cross-site']] })
        assert.equal(answer.status, 401)
        assert.equal(reached.length, 0)
      })
    },
  },
]

async function checkAll(
  { send, origin }: RunningApp,
  credential: SentHeaders[number] | undefined,
  isAmbient: boolean,
): Promise<void> {
  for (const [method, headers, mayChange] of REQUESTS) {
    // The tests of the core have all pages with all methods; here one of each kind is enough.
    for (const [site, from, isElsewhere] of method === 'POST' ? PAGES : PAGES.slice(4, 6)) {
      const sent = [
        ...(credential === undefined ? [] : [credential]),
        ...headers,
        ...(site === undefined ? [] : [['Sec-Fetch-Site', site] as const]),
        ...(from === undefined ? [] : [['Origin', from === 'own' ? origin : from] as const]),
      ]
      const { status } = await send({ method, headers: sent })
      const expected = isAmbient && mayChange && isElsewhere ? 403 : 200
      assert.equal(status, expected, JSON.stringify([method, headers, site, from]))
    }
  }
}

const passwords: PasswordAuthenticator = {
  name: 'passwords',
  authenticatePassword: (_, password) => (password === 'secret' ? { user: jane } : undefined),
}

const bearers: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken: (token) => (token === 'good' ? { user: jane } : undefined),
}

/** A chain of all kinds of credentials, which trusts one origin. */
function chain(certificates?: Authenticator): Authenticator {
  return authenticatorChain({
    passwords: [passwords],
    tokens: [bearers],
    ...(certificates !== undefined && { clientCertificate: certificates }),
    trustedOrigins: [CONSOLE],
  })
}
