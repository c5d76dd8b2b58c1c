import { authentication, getUser } from '@kube-authn/hono'
import { webLogin } from '@kube-authn/login'
import { loginRoutes, requireLogin } from '@kube-authn/login/hono'
import { createIssuer } from '@kube-authn/testing'
import { Hono } from 'hono'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'

const ORIGIN = 'https://app.example.com'
const KEYS = ['k9Sx3mQv7ZtR0pLbW2cYd8uEhJf5oNaG1iKlM4qTsVw']
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }

/** An app with a login, and a provider that always logs jane in. */
async function makeApp() {
  const url = 'https://issuer.example.com'
  const issuer = await createIssuer({
    url,
    signingAlgorithms: ['ES256'],
    metadata: { authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` },
  })
  let nonce = ''
  const tokenResponse = async () => ({
    access_token: 'a',
    token_type: 'Bearer',
    id_token: await issuer.sign({ sub: 'jane', aud: 'my-app', sid: 'one', nonce }),
  })
  const fetch = async (target, init) =>
    target === `${url}/token` ? Response.json(await tokenResponse()) : issuer.fetch(target, init)
  const login = webLogin({
    issuer: url,
    clientId: 'my-app',
    clientSecret: 'secret',
    publicUrl: ORIGIN,
    keys: KEYS,
    usernamePrefix: '',
    fetch,
  })
  const app = new Hono()
    .use(loginRoutes(login))
    .use(
      authentication(login.chain, {
        onFailure: requireLogin(login),
        log: false,
      }),
    )
    .all('*', (c) => c.json([getUser(c).username, c.req.header('cookie') ?? null]))
  const cookies = new Map()
  const open = async (path, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...PAGE, ...init.headers, ...(cookie !== '' && { cookie }) }
    const response = await app.request(ORIGIN + path, { ...init, headers })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (line.includes('Max-Age=0')) cookies.delete(name)
      else cookies.set(name, value)
    }
    return { status: response.status, location: response.headers.get('location'), response }
  }
  const logIn = async () => {
    const { location } = await open('/login?returnTo=/orders')
    const { searchParams } = new URL(location)
    nonce = searchParams.get('nonce')
    return open(`/login/callback?code=x&state=${searchParams.get('state')}`)
  }
  return { issuer, open, logIn, cookies }
}

const check = checksOf('login')

check('leads to the provider and back, and the app knows the user and not the cookie', async () => {
  const { open, logIn } = await makeApp()
  expectEqual((await open('/orders')).location, `${ORIGIN}/login?returnTo=%2Forders`)
  const { status, location } = await logIn()
  expectEqual([status, location], [303, `${ORIGIN}/orders`])
  expectEqual(await (await open('/')).response.json(), ['jane', null])
})

check('refuses a login that another browser began', async () => {
  const { open, logIn, cookies } = await makeApp()
  const { location } = await open('/login')
  cookies.clear()
  expectEqual(
    (await open(`/login/callback?code=x&state=${new URL(location).searchParams.get('state')}`)).status,
    400,
  )
  expectEqual((await logIn()).status, 303)
})

check('ends sessions, by their browser and by the provider', async () => {
  const { issuer, open, logIn } = await makeApp()
  await logIn()
  const own = { method: 'POST', headers: { origin: ORIGIN, 'sec-fetch-site': 'same-origin' } }
  expectEqual((await open('/logout', own)).location, `${ORIGIN}/logout/done`)
  expectEqual((await open('/')).status, 303)
  await logIn()
  const claims = {
    aud: 'my-app',
    sid: 'one',
    jti: '1',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }
  const token = await issuer.sign(claims, { header: { typ: 'logout+jwt' } })
  const { status } = await open('/logout/backchannel', {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  })
  expectEqual(status, 200)
  expectEqual((await open('/')).status, 303)
})

check('shows pages without scripts', async () => {
  const { open } = await makeApp()
  const { response } = await open('/logout')
  expectText(response.headers.get('content-security-policy'), "default-src 'none'")
  expectText(await response.text(), '<form method="post" action="/logout">')
})
