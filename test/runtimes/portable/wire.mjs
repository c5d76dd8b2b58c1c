import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { authenticatorChain } from '@kube-authn/core'
import { cloudflareClientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { passwordFile } from '@kube-authn/core/password-file'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { cached } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, impersonation } from '@kube-authn/hono'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { fakeUser } from '@kube-authn/testing'
import { Hono } from 'hono'
import { RBAC } from './authorization.mjs'

const sleep = (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds))

/** The app for real connections: each part returns the user, and the headers that an app sees. */
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
    .route('/kubernetes', kubernetesPart())
    .get('/arrivals', (c) => c.text(String(arrivals)))
    .get('/departures', (c) => c.text(String(++departures)))
}

/** Requests that have arrived, and clients that have said that they left one. */
let arrivals = 0
let departures = 0

/** The hash of `s3cret`, slow enough for a client to disconnect meanwhile. */
const SLOW_HASH = '$2b$11$7kamsKYGm974l7V2EKs6aesQrFSy/EHKx55xY6YLJYxbBD/0cRsYq'

/** @param authenticators creates them on the first request: some runtimes have no randomness before. */
function part(authenticators) {
  let authenticate
  return new Hono()
    .use((c, next) => {
      arrivals++
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

/** The same without the adapter, which on Workers keeps a decision running after its client disconnected. */
function plainPart(authenticators) {
  let authenticate
  return new Hono().get('/', async (c) => {
    arrivals++
    authenticate ??= authenticateRequest(authenticatorChain(authenticators()))
    const outcome = await authenticate(fetchRequest(c.req.raw))
    if ('failure' in outcome) return outcome.failure.getResponse()
    return c.json({ user: outcome.authentication.user })
  })
}

/** The Kubernetes API, below a path: each request is one of its own. */
function kubernetesPart() {
  let api
  return new Hono().all('/*', async (c) => {
    api ??= kubernetesApi({ store: memoryObjectStore() })
    const url = new URL(c.req.url)
    url.pathname = url.pathname.replace(/^.*\/kubernetes/, '')
    return (await api)(new Request(url, c.req.raw))
  })
}

/** The first call takes until its client has left. */
function slowTokens() {
  let isFirst = true
  return {
    name: 'slow',
    async authenticateToken(token) {
      if (isFirst) {
        isFirst = false
        const before = departures
        const hasLeft = () => departures > before
        while (!hasLeft()) await sleep(10)
      }
      return token === 'slow' ? { user: fakeUser({ username: 'jane' }) } : undefined
    },
  }
}
