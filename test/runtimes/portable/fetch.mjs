import { authenticatorChain } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { getUser, withAuthentication, withAuthorization, withImpersonation } from '@kube-authn/fetch'
import { RBAC } from './authorization.mjs'
import { checksOf } from './check.mjs'
import { expectEqual, expectText } from './expect.mjs'
import { bearer } from './requests.mjs'

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
