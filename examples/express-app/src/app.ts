import { type Authenticator, explain, type Observer } from '@kube-authn/core'
import { privilegedGroups, unionAuthorizer, type RbacAuthorizer } from '@kube-authn/core/authorization'
import { authentication, authorization, getAuthentication, getUser, impersonation } from '@kube-authn/express'
import express, { type Express, type Request } from 'express'
import { questionOf } from './question.ts'
import { page } from './page.ts'

/** The parts of the app. */
export interface AppOptions {
  readonly authenticator: Authenticator
  readonly policy: RbacAuthorizer
  readonly observer: Observer
}

/** A public page that explains the authentication of a request, and routes for authenticated users. */
export function createApp({ authenticator, policy, observer }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')

  // Before the middleware, so that the page can show a refused request too. A real app must not reveal these details.
  app.get('/', async (req, res) => {
    const explanation = await explain(authenticator, req)
    res
      .status(explanation.user === undefined ? 401 : 200)
      .set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(page(explanation, questionOf(req.query), policy))
  })

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

  const mayGet = authorization(unionAuthorizer(privilegedGroups('system:masters'), policy), {
    observer,
    attributes: (req: Request<{ name: string }>) => ({
      verb: 'get',
      resource: 'nodes',
      name: req.params.name,
    }),
  })
  app.get('/nodes/:name', mayGet, (req, res) => {
    const { user, requester } = getAuthentication(req)
    res.json({ node: req.params.name, user: user.username, requester: requester?.username })
  })
  return app
}
