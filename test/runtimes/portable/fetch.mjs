import { authenticatorChain, userInfo } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { getUser, withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import { RBAC } from './authorization.mjs'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'
import { bearer } from './requests.mjs'

const JANE = userInfo({ username: 'jane' })
const PODS = 'https://app.example.com/api/v1/namespaces/shop/pods/p'

async function ask(headers, init = {}) {
  const policy = rbac(parseRbac(RBAC))
  const show = async (request, { user, authentication }, ...rest) =>
    Response.json({
      username: user.username,
      requester: authentication.requester?.username ?? '',
      isKnown: getUser(request) === user,
      seen: [...request.headers.keys()].filter((name) => /^(?:auth|imp|x-)/.test(name)),
      body: await request.text(),
      rest,
    })
  const handle = withAuthentication(
    authenticatorChain({ tokens: [tokenFile('t,jane,1\nc,clark,2,support')] }),
    withImpersonation(policy, withAuthorization(policy, show)),
  )
  return handle(new Request(PODS, { ...init, headers }), 'a', 2)
}

const check = checksOf('fetch')

check('knows a user, and the handler gets no credential', async () => {
  const response = await ask({ ...bearer('t'), 'x-remote-user': 'root', 'x-other': '1' })
  expectEqual(await response.json(), {
    username: 'jane',
    requester: '',
    isKnown: true,
    seen: ['x-other'],
    body: '',
    rest: ['a', 2],
  })
})

check('refuses unauthenticated requests with a status and challenges', async () => {
  const response = await ask(bearer('wrong'))
  expectEqual(response.status, 401)
  expectText(response.headers.get('www-authenticate'), 'Bearer')
  expectEqual((await response.json()).kind, 'Status')
})

check('lets a user impersonate another, and authorizes that one', async () => {
  const response = await ask({ ...bearer('c'), 'impersonate-user': 'jane' })
  const { username, requester, seen } = await response.json()
  expectEqual([username, requester, seen], ['jane', 'clark', []])
  expectEqual((await ask(bearer('c'))).status, 403)
  expectEqual((await ask({ ...bearer('t'), 'impersonate-user': 'clark' })).status, 403)
})

check('refuses a password that a browser sends for a page of another site', async () => {
  const chain = authenticatorChain({
    passwords: [{ name: 'passwords', authenticatePassword: () => ({ user: JANE }) }],
    trustedOrigins: ['https://console.example.com'],
  })
  const handle = withAuthentication(chain, (_, { user }) => new Response(user.username))
  const statusOf = async (headers, method = 'POST') => {
    const sent = { authorization: `Basic ${btoa('jane:secret')}`, ...headers }
    return (await handle(new Request(PODS, { method, headers: sent }))).status
  }
  expectEqual(await statusOf({}), 200)
  expectEqual(await statusOf({ origin: 'https://app.example.com' }), 200)
  expectEqual(await statusOf({ origin: 'https://console.example.com' }), 200)
  expectEqual(await statusOf({ origin: 'https://evil.example' }), 403)
  expectEqual(await statusOf({ 'sec-fetch-site': 'same-site' }), 403)
  expectEqual(await statusOf({ 'sec-fetch-site': 'same-origin' }), 200)
  expectEqual(await statusOf({ origin: 'https://evil.example' }, 'GET'), 200)
  expectEqual(await statusOf({ origin: 'https://evil.example', 'sec-websocket-version': '13' }, 'GET'), 403)
})
