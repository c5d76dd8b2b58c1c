import type { Authenticator, Observer } from '@kube-authn/core'
import { allowPaths, type RbacAuthorizer } from '@kube-authn/core/authorization'
import { authentication, authorization, getAuthentication, getUser, impersonation } from '@kube-authn/express'
import { explainPage, type PreparedRequest } from '@kube-authn/explain-page'
import express, { type Express, type Request } from 'express'
import { attributesFor } from './routes.ts'

/** The parts of the app. */
export interface AppOptions {
  readonly authenticator: Authenticator
  readonly policy: RbacAuthorizer
  readonly observer: Observer
  /** The requests that the page offers. */
  readonly prepared: readonly PreparedRequest[]
}

/** A public page that explains who makes a request, and routes for authenticated users. */
export function createApp({ authenticator, policy, observer, prepared }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')

  // Before the middleware, which removes credentials. A real app allows this page to its operators only: allow: 'operators'.
  const page = explainPage(authenticator, {
    allow: allowPaths(['/']),
    authorizer: policy,
    attributes: attributesFor,
    prepared,
    users: [
      { username: 'superman', groups: ['system:masters'] },
      { username: 'jane', groups: ['developers', 'app1'] },
    ],
    paths: ['/orders/17', '/nodes/mynode', '/whoami', '/healthz'],
  })
  app.all('/', page)

  // All routes below require authentication.
  app.use(authentication(authenticator, { observer }))
  app.use(impersonation(policy, { observer }))

  app.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok')
  })
  app.get('/whoami', (req, res) => {
    const { username, groups } = getUser(req)
    res.json({ username, groups })
  })

  const may = authorization(policy, {
    observer,
    attributes: (req: Request<{ name: string }>) => attributesFor(req) ?? { verb: '', path: req.path },
  })
  app.get('/orders/:name', may, (req, res) => {
    const { user } = getAuthentication(req)
    res.json({ order: req.params.name, user: user.username })
  })
  app.get('/nodes/:name', may, (req, res) => {
    const { user, requester } = getAuthentication(req)
    res.json({ node: req.params.name, user: user.username, requester: requester?.username })
  })
  return app
}
