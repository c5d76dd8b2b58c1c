import { authenticatorChain } from '@kube-authn/core'
import { cloudflareClientCertificate, clientCertificate } from '@kube-authn/core/client-certificate'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, authorization, impersonation } from '@kube-authn/hono'
import { reviews } from '@kube-authn/hono/reviews'
import { Hono } from 'hono'
import { RBAC } from './authorization.mjs'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { bearer, requestOfCloudflare } from './requests.mjs'

const policy = rbac(parseRbac(RBAC))

function appOf(options = {}) {
  const authenticator = authenticatorChain({
    tokens: [tokenFile('t,jane,1\nc,clark,2,support')],
    ...options,
  })
  return new Hono()
    .use(authentication(authenticator))
    .use(impersonation(policy))
    .use(reviews(policy))
    .use('/api/*', authorization(policy))
    .get('*', (c) =>
      c.json({
        username: c.var.user.username,
        requester: c.var.authentication.requester?.username ?? '',
        seen: [...c.req.raw.headers.keys()].toSorted(),
      }),
    )
}

async function ask(path, headers = {}, app = appOf()) {
  const response = await app.request(path, { headers })
  return { code: response.status, ...(await response.json()) }
}

const check = checksOf('hono')

check('knows a user, and the app does not see the credential', async () => {
  const { code, username, seen } = await ask('/', { ...bearer('t'), 'x-other': '1' })
  expectEqual([code, username, seen], [200, 'jane', ['x-other']])
})

check('refuses unauthenticated requests with a status and challenges', async () => {
  const response = await appOf().request('/', { headers: bearer('wrong') })
  expectEqual(response.status, 401)
  expectText(response.headers.get('www-authenticate'), 'Bearer')
  expectEqual((await response.json()).kind, 'Status')
})

check('lets a user impersonate another, and authorizes that one', async () => {
  const path = '/api/v1/namespaces/shop/pods/p'
  const { username, requester, seen } = await ask(path, { ...bearer('c'), 'impersonate-user': 'jane' })
  expectEqual([username, requester, seen], ['jane', 'clark', []])
  expectEqual((await ask(path, bearer('c'))).code, 403)
  expectEqual((await ask(path, { ...bearer('t'), 'impersonate-user': 'clark' })).code, 403)
})

check('answers kubectl auth whoami', async () => {
  const response = await appOf().request('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    headers: { ...bearer('t'), 'content-type': 'application/json' },
    body: '{}',
  })
  expectEqual((await response.json()).status.userInfo.username, 'jane')
})

/** @param facts see `makeSuite`. */
export function checkHonoOnThis(facts) {
  check('refuses to be made where it needs certificates of peers that it never gets', async () => {
    const { caPem: ca } = facts.credentials
    const make = () => appOf({ clientCertificate: clientCertificate({ ca }) })
    if (facts.peerCertificates) make()
    else expectText((await thrownBy(make)).message, 'do not provide them')
  })

  check('uses the certificate data of Cloudflare, or refuses to be created without it', async () => {
    const make = () => appOf({ requests: [cloudflareClientCertificate()] })
    if (facts.cloudflare === 'refused') {
      expectText((await thrownBy(make)).message, 'use certificateHeaders')
      return
    }
    const tlsClientAuth = {
      certPresented: '1',
      certVerified: 'SUCCESS',
      certRevoked: '0',
      certSubjectDNRFC2253: 'CN=jane',
    }
    const asked = (told) => make().request(requestOfCloudflare({ tlsClientAuth: told }))
    const response = await asked(tlsClientAuth)
    expectEqual([response.status, (await response.json()).username], [200, 'jane'])
    expectEqual((await asked({ ...tlsClientAuth, certRevoked: '1' })).status, 401)
  })
}
