import { AUTHENTICATED_GROUP } from '@kube-authn/core/internal'
import { fetchBody, fetchRequest, responseOf } from '@kube-authn/core/adapter'
import { handleReviews, handleTokenReviews } from '@kube-authn/api'
import { userInfo } from '@kube-authn/core'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { RBAC } from './authorization.mjs'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'

const check = checksOf('reviews')
const authorizer = rbac(parseRbac(RBAC))
const JANE = userInfo({ username: 'jane', groups: [AUTHENTICATED_GROUP] })
const JSON_TYPE = 'application/json'

async function review(path, body, contentType = JSON_TYPE) {
  const tokens = [tokenFile('t,joe,1,ops')]
  const request = new Request(`https://app.example.com${path}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: contentType === JSON_TYPE ? JSON.stringify(body) : body,
  })
  const answer =
    path === '/authenticate'
      ? await handleTokenReviews(tokens)(fetchRequest(request), fetchBody(request))
      : await handleReviews(authorizer, { tokens })(fetchRequest(request), fetchBody(request), { user: JANE })
  if (answer === undefined) return undefined
  const response = responseOf(answer)
  return { code: response.status, ...(await response.json()) }
}

check('return a user', async () => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const { code, status } = await review(path, {})
  expectEqual([code, status.userInfo.username], [201, 'jane'])
})

check('return the permissions of a user', async () => {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const ask = async (verb) =>
    (await review(path, { spec: { resourceAttributes: { verb, resource: 'pods', namespace: 'shop' } } }))
      .status
  expectEqual((await ask('get')).allowed, true)
  expectEqual((await ask('delete')).allowed, false)
})

check('are read from protobuf, as kubectl sends them', async () => {
  const field = (number, bytes) => [(number << 3) | 2, bytes.length, ...bytes]
  const text = (value) => [...new TextEncoder().encode(value)]
  const attributes = [...field(1, text('shop')), ...field(2, text('get')), ...field(5, text('pods'))]
  const object = field(2, field(1, attributes))
  const type = [...field(1, text('authorization.k8s.io/v1')), ...field(2, text('SelfSubjectAccessReview'))]
  const body = Uint8Array.from([...text('k8s'), 0, ...field(1, type), ...field(2, object)])
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const { code, status } = await review(path, body, 'application/vnd.kubernetes.protobuf')
  expectEqual([code, status?.allowed], [201, true])
})

check('answer a kube-apiserver whose a token is', async () => {
  const about = (token) => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token },
  })
  const { status } = await review('/authenticate', about('t'))
  expectEqual([status.authenticated, status.user.username], [true, 'joe'])
  expectEqual((await review('/authenticate', about('x'))).status.authenticated ?? false, false)
})

check('refuse a body that is none, and leave other paths alone', async () => {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  expectEqual((await review(path, '{', 'text/plain')).code >= 400, true)
  expectEqual(await review('/apis/apps/v1/deployments', {}), undefined)
})
