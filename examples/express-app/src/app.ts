import { type Authenticator, explain } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/incoming-message'
import { authentication, getUser } from '@kube-authn/express'
import express, { type Express } from 'express'
import { page } from './page.ts'

/** The app: a page that says what was thought of a request, and below it what only known users get. */
export function createApp(authenticator: Authenticator): Express {
  const app = express()
  app.disable('x-powered-by')

  // Before the middleware, so that the page can show a refused request too. Only a demonstration tells this much.
  app.get('/', async (req, res) => {
    const explanation = await explain(authenticator, incomingMessageRequest(req))
    res
      .status(explanation.user === undefined ? 401 : 200)
      .set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(page(explanation))
  })

  // From here on, nobody passes who is not known.
  app.use(authentication(authenticator))

  app.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok')
  })
  app.get('/whoami', (req, res) => {
    const { username, groups } = getUser(req)
    res.json({ username, groups })
  })
  return app
}
