import { authenticateRequest, authenticatorChain, fetchRequest } from '@kube-authn/core'
import { cloudflareClientCertificate } from '@kube-authn/core/certificate-headers'
import { passwordFile } from '@kube-authn/core/password-file'
import { parseRbac, rbac } from '@kube-authn/core/rbac'
import { requestHeader } from '@kube-authn/core/request-header'
import { cached } from '@kube-authn/core/token-cache'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, impersonation } from '@kube-authn/hono'
import { fakeUser } from '@kube-authn/testing'
import { Hono } from 'hono'
import { RBAC } from './authorization.mjs'

const sleep = (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds))

/** What is asked over real connections: each part says who it takes the caller for, and what an app sees of the headers. */
export function wireApp() {
  return new Hono()
    .route(
      '/tokens',
      part(() => ({ tokens: [tokenFile('t,jane,1\nc,clark,2,support')] })),
    )
    .route(
      '/proxy',
      part(() => ({
        requestHeader: requestHeader({
          trusts: () => true,
          usernameHeaders: ['X-Remote-User'],
          groupHeaders: ['X-Remote-Group'],
          extraHeaderPrefixes: ['X-Remote-Extra-'],
        }),
      })),
    )
    .route(
      '/cloudflare',
      part(() => ({ requests: [cloudflareClientCertificate()] })),
    )
    .route(
      '/slow-tokens',
      part(() => ({ tokens: [cached(slowTokens())] })),
    )
    .route(
      '/slow-passwords',
      part(() => ({ passwords: [passwordFile(`${SLOW_HASH},jane,1`)] })),
    )
    .route(
      '/plain/slow-tokens',
      plainPart(() => ({ tokens: [cached(slowTokens())] })),
    )
    .route(
      '/plain/slow-passwords',
      plainPart(() => ({ passwords: [passwordFile(`${SLOW_HASH},jane,1`)] })),
    )
}

/** Of `s3cret`, at a cost that takes long enough to go away meanwhile. */
const SLOW_HASH = '$2b$11$7kamsKYGm974l7V2EKs6aesQrFSy/EHKx55xY6YLJYxbBD/0cRsYq'

/** @param authenticators makes them when the first request comes: some runtimes have randomness only then. */
function part(authenticators) {
  let authenticate
  return new Hono()
    .use((c, next) => {
      authenticate ??= authentication(authenticatorChain(authenticators()))
      return authenticate(c, next)
    })
    .use(impersonation(rbac(parseRbac(RBAC))))
    .get('/', (c) =>
      c.json({
        user: c.var.user,
        requester: c.var.authentication.requester?.username ?? '',
        seen: [...c.req.raw.headers.keys()].toSorted(),
      }),
    )
}

/** The same without the adapter, which on Workers stays at a decision when its client is gone. */
function plainPart(authenticators) {
  let authenticate
  return new Hono().get('/', async (c) => {
    authenticate ??= authenticateRequest(authenticatorChain(authenticators()))
    const outcome = await authenticate(fetchRequest(c.req.raw))
    if ('failure' in outcome) return outcome.failure.getResponse()
    return c.json({ user: outcome.authentication.user })
  })
}

/** Takes a while, unless it was asked before. */
function slowTokens() {
  let isFirst = true
  return {
    name: 'slow',
    async authenticateToken(token) {
      if (isFirst) {
        isFirst = false
        await sleep(500)
      }
      return token === 'slow' ? { user: fakeUser({ username: 'jane' }) } : undefined
    },
  }
}
