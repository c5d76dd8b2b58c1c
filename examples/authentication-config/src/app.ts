import type { Observer } from '@kube-authn/core'
import { authentication, getUser } from '@kube-authn/express'
import type { NodeAuthenticator } from '@kube-authn/node'
import express, { type Express } from 'express'

/** The parts of the app. */
export interface AppOptions {
  readonly authenticator: NodeAuthenticator
  readonly observer: Observer
  /** Metrics in the Prometheus format. */
  readonly metrics: () => string
}

/** An app that shows the user of a request. */
export function createApp({ authenticator, observer, metrics }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')

  // For load balancers. The reason why the app is not ready is not disclosed.
  app.get('/readyz', (_req, res) => {
    const isReady = authenticator.health().length === 0
    res
      .status(isReady ? 200 : 503)
      .type('text/plain')
      .send(isReady ? 'ok' : 'not ready')
  })

  app.use(authentication(authenticator, { observer, unavailableStatus: 503 }))
  app.get('/whoami', (req, res) => {
    const { username, groups, uid, extra } = getUser(req)
    res.json({ username, groups, uid, extra })
  })
  app.get('/metrics', (_req, res) => {
    res.type('text/plain').send(metrics())
  })
  return app
}
