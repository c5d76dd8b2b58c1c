import { fileURLToPath } from 'node:url'
import type { Authenticator } from '@kube-authn/core'
import type { RbacAuthorizer } from '@kube-authn/core/authorization'
import { authentication, getAuthentication, impersonation } from '@kube-authn/express'
import type { storedSessions, WebLogin } from '@kube-authn/login'
import { loginRoutes, requireLogin } from '@kube-authn/login/express'
import type { ImpersonatingProxy } from '@kube-authn/proxy'
import express, { type Express } from 'express'
import type { Configuration } from './configuration.ts'
import { objectsPage } from './pages/objects.ts'
import { pageHeaders } from './pages/page-headers.ts'
import { peoplePage } from './pages/people.ts'
import { seeAs } from './see-as.ts'
import { sessionRoutes } from './session-routes.ts'
import { visitors } from './visitors.ts'

/** The path below which the API of the cluster is. */
export const CLUSTER = '/cluster'

/** The parts of the app. */
export interface AppOptions {
  readonly configuration: Configuration
  readonly login: WebLogin
  readonly authenticator: Authenticator
  readonly sessions: ReturnType<typeof storedSessions>
  /** Decides about impersonation. */
  readonly policy: RbacAuthorizer
  readonly proxy: ImpersonatingProxy
}

/** The pages, and the API of the cluster below {@link CLUSTER}. */
export function createApp(options: AppOptions): Express {
  const { configuration, login, authenticator, sessions, policy, proxy } = options
  const app = express()
  app.disable('x-powered-by')
  app.use(seeAs)
  app.use('/assets', express.static(fileURLToPath(new URL('../public', import.meta.url))))
  app.use(loginRoutes(login))
  // Before anything that reads bodies, or takes credentials away.
  app.use(CLUSTER, proxy.express())
  app.use(authentication(authenticator, { onFailure: requireLogin(login) }))

  app.use(pageHeaders(configuration.provider.issuer))
  const known = visitors()

  // What open pages ask again and again: a 401 with `loginUrl` ends them.
  app.get('/session', impersonation(policy), (req, res) => {
    const { user, requester } = getAuthentication(req)
    res.json({ username: user.username, groups: user.groups, requester: requester?.username })
  })
  app.get(['/', '/namespaces/:namespace/:resource'], (req, res) => {
    const { user } = getAuthentication(req)
    known.add(user)
    res.type('html').send(objectsPage({ user, configuration }))
  })
  app.get('/people', (req, res, next) => {
    const { user } = getAuthentication(req)
    const page = peoplePage({ user, configuration, visitors: known.list() })
    if (page === undefined) next()
    else res.type('html').send(page)
  })
  app.use(sessionRoutes({ configuration, sessions }))
  app.use((_req, res) => {
    res.status(404).type('text/plain').send('There is no such page.\n')
  })
  return app
}
