import { anonymous, authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { cached, webhookAuthenticator, webhookAuthorizer } from '@kube-authn/core/remote'
import { keystonePassword, keystoneToken } from '@kube-authn/keystone'
import { bootstrapSecrets, bootstrapToken } from '@kube-authn/core/bootstrap-token'
import { celCompiler } from '@kube-authn/cel/kubernetes'
import { cloudflareClientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { authenticationConfiguration } from '@kube-authn/core/configuration'
import { handleReviews } from '@kube-authn/api'
import { impersonateRequest } from '@kube-authn/core/adapter'
import { metrics } from '@kube-authn/metrics'
import { oidc } from '@kube-authn/core/oidc'
import { passwordFile } from '@kube-authn/core/password-file'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { serviceAccountObjects, serviceAccountToken } from '@kube-authn/core/service-account'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication } from '@kube-authn/hono'
import { Hono } from 'hono'
import { RBAC } from './authorization.mjs'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'

// Objects that an app creates once, outside of requests, where edge runtimes allow no randomness, timers or fetches.

const url = 'https://example.com'
const MAKERS = {
  'anonymous, certificates of Cloudflare': () =>
    authenticatorChain({ requests: [cloudflareClientCertificate()], anonymous: true }),
  'an anonymous authenticator': () => anonymous(),
  'a token file': () => tokenFile('t,jane,1'),
  'a password file': () => passwordFile('p,jane,1'),
  'bootstrap tokens': () => bootstrapToken({ secrets: bootstrapSecrets([]) }),
  'OpenID Connect': () =>
    oidc({
      issuer: url,
      audience: 'app',
      claimMappings: { username: { expression: 'claims.sub' } },
      compiler: celCompiler(),
    }),
  'an authentication configuration': () =>
    authenticationConfiguration(
      JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: [
          { issuer: { url, audiences: ['app'] }, claimMappings: { username: { claim: 'sub', prefix: '' } } },
        ],
      }),
    ),
  'service accounts': () =>
    serviceAccountToken({ issuers: [url], keys: [], objects: serviceAccountObjects({}) }),
  'a token webhook': () => webhookAuthenticator({ url }),
  'a token cache': () => cached(tokenFileOfLater),
  'roles, and impersonation': () => impersonateRequest(rbac(parseRbac(RBAC)), { mode: 'constrained' }),
  'an authorization webhook': () => webhookAuthorizer({ url }),
  reviews: () => handleReviews(rbac(parseRbac(RBAC))),
  'a Hono app': () => new Hono().use(authentication(authenticatorChain({ anonymous: true }))),
  'what is observed': () => [metrics(), auditLog({ write: () => {} })],
  'a Keystone': () => [keystonePassword({ url }), keystoneToken({ url })],
  'an authenticating proxy': () => requestHeader({ trusts: () => true, usernameHeaders: ['X-Remote-User'] }),
}

const tokenFileOfLater = { name: 'later', authenticateToken: () => undefined }

const check = checksOf('while a module loads')

for (const [name, make] of Object.entries(MAKERS)) {
  let problem
  try {
    make()
  } catch (error) {
    problem = error
  }
  check(`${name} can be made`, () => expectEqual(String(problem), 'undefined'))
}
