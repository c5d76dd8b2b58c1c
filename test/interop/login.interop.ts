import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { authenticatorChain } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { authentication, getUser } from '@kube-authn/express'
import { storedSessions, webLogin } from '@kube-authn/login'
import { loginRoutes, requireLogin } from '@kube-authn/login/express'
import { createFetch } from '@kube-authn/node'
import { memoryObjectStore } from '@kube-authn/store'
import { createPki } from '@kube-authn/testing'
import express from 'express'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, openBrowser, type Page } from './browser.ts'
import { newSigningKeys, people } from './identity-provider.ts'
import { freePort } from './ports.ts'

const PAGE = { accept: 'text/html' }
const CLIENT = { id: 'dashboard', secret: 'secretOfTheDashboard' }

let caPem = ''
let origin = ''
let issuer = ''
const servers: Server[] = []
const closing: (() => void)[] = []
/** What the provider received at its token endpoint. */
const grants: string[] = []

beforeAll(async () => {
  const pki = await createPki()
  caPem = pki.caPem
  const [appPort, providerPort] = [await freePort(), await freePort()]
  origin = `https://127.0.0.1:${appPort}`
  issuer = `https://127.0.0.1:${providerPort}`
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const provider = createProvider([...(await newSigningKeys())])
  provider.on('grant.success', (ctx) => grants.push(JSON.stringify(ctx.oidc.params?.['grant_type'])))
  const answer = provider.callback()
  await listen(
    createServer({ cert, key }, (req, res) => void answer(req, res)),
    providerPort,
  )
  await listen(createServer({ cert, key }, createApp()), appPort)
})

afterAll(() => {
  for (const close of closing) close()
  for (const server of servers) server.close().closeAllConnections()
})

async function listen(server: Server, port: number): Promise<void> {
  servers.push(server)
  await once(server.listen(port, '127.0.0.1'), 'listening')
}

function createProvider(keys: object[]): Provider {
  const fetch = createFetch({ ca: caPem })
  closing.push(() => fetch.close())
  return new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${origin}/login/callback`],
        post_logout_redirect_uris: [`${origin}/logout/done`],
        backchannel_logout_uri: `${origin}/logout/backchannel`,
        // Without it a logout is about all sessions of the subject, which cannot log in again for ten seconds.
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code', 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'email', 'groups', 'offline_access'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: false,
    features: { backchannelLogout: { enabled: true } },
    cookies: { keys: [crypto.randomUUID()] },
    // Of the back-channel logout.
    fetch: (url, { method, body, headers } = {}) =>
      fetch(new Request(url).url, {
        method: method ?? 'GET',
        headers: Object.fromEntries(new Headers(headers)),
        body: typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : null,
      }),
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () =>
        Promise.resolve({
          sub: id,
          email: people.jane.email,
          email_verified: true,
          groups: [...people.jane.groups],
        }),
    }),
  })
}

function createApp(): express.Express {
  const fetch = createFetch({ ca: caPem })
  closing.push(() => fetch.close())
  const tokens = [
    oidc({
      issuer,
      audience: CLIENT.id,
      usernameClaim: 'email',
      groupsClaim: 'groups',
      groupsPrefix: 'oidc:',
      fetch,
    }),
  ]
  const login = webLogin({
    issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scopes: ['email', 'groups', 'offline_access'],
    publicUrl: origin,
    tokens,
    keys: ['k9Sx3mQv7ZtR0pLbW2cYd8uEhJf5oNaG1iKlM4qTsVw'],
    sessions: storedSessions({ store: memoryObjectStore() }),
    // More than an id token lasts, so that every request renews it.
    refreshBeforeSeconds: 3600,
    fetch,
    log: false,
  })
  const chain = authenticatorChain({ requests: [login.authenticator], tokens })
  return express()
    .use(loginRoutes(login))
    .use(authentication(chain, { onFailure: requireLogin(login), log: false }))
    .use((req, res) => {
      res.json(getUser(req))
    })
}

/** Follows redirects and fills in the forms of the provider, until the app has an answer. */
async function follow(browser: Browser, start: Page): Promise<Page> {
  let page = start
  for (let step = 0; step < 16; step++) {
    const { location, body } = page
    if (location !== undefined) page = await browser.visit(location, { headers: PAGE })
    else if (!body.includes('<form')) return page
    else page = await browser.visit(...submitted(body))
  }
  throw new Error('the login does not end')
}

function submitted(body: string): Parameters<Browser['visit']> {
  const [, action = ''] = /action="([^"]+)"/.exec(body) ?? []
  const hidden = [...body.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  const form = { ...Object.fromEntries(hidden), login: 'jane', password: people.jane.password, logout: 'yes' }
  return [new URL(action, issuer).href, { form, headers: PAGE }]
}

describe('a login at oidc-provider', () => {
  it('by a pushed request gives the user of the id token, renews it, and ends at both sides', async () => {
    const browser = openBrowser(caPem)
    closing.push(() => browser.close())
    // The browser is one of `fetch`, which says in its headers that it is no navigation.
    const opened = await browser.visit(`${origin}/orders?page=2`, { headers: PAGE })
    expect(JSON.parse(opened.body)).toMatchObject({ loginUrl: '/login?returnTo=%2Forders%3Fpage%3D2' })
    const begun = await browser.visit(`${origin}/login?returnTo=%2Forders%3Fpage%3D2`)
    expect([...new URL(begun.location ?? '').searchParams.keys()]).toEqual(['client_id', 'request_uri'])
    const page = await follow(browser, begun)
    expect([page.status, JSON.parse(page.body)]).toMatchObject([
      200,
      { username: 'jane@example.com', groups: ['oidc:admin', 'oidc:dev', 'system:authenticated'] },
    ])
    expect((await browser.visit(`${origin}/`)).status).toBe(200)
    expect(grants).toEqual(['"authorization_code"', '"refresh_token"', '"refresh_token"'])

    const confirmed = await browser.visit(`${origin}/logout`, {
      method: 'POST',
      headers: { ...PAGE, origin },
    })
    expect(confirmed.location).toContain(`${issuer}/session/end?`)
    const done = await follow(browser, confirmed)
    expect(done.body).toContain('You are logged out.')
    expect((await browser.visit(`${origin}/`)).status).toBe(401)
  })

  it('ends when the person logs out at the provider', async () => {
    const browser = openBrowser(caPem)
    closing.push(() => browser.close())
    const page = await follow(browser, await browser.visit(`${origin}/login`))
    expect(page).toMatchObject({ status: 200 })
    expect((await browser.visit(`${origin}/`)).status).toBe(200)
    const asked = await browser.visit(`${issuer}/session/end`, { headers: PAGE })
    await browser.visit(...submitted(asked.body))
    await expect.poll(async () => (await browser.visit(`${origin}/`)).status).toBe(401)
  })
})
