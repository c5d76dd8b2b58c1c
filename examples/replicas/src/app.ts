import { fileURLToPath } from 'node:url'
import type { Authenticator } from '@kube-authn/core'
import { authentication, getUser } from '@kube-authn/express'
import express, { type Express } from 'express'
import type { Observed } from './observed.ts'
import type { Trial } from './trial.ts'

/** What the app needs. */
export interface AppOptions {
  /** Over the same store as the API servers. */
  readonly authenticator: Authenticator
  readonly observe: () => Promise<Observed>
  readonly tryRevocation: () => Promise<Trial>
}

/** `/whoami` for users of the chain, and a page for this machine. */
export function createApp({ authenticator, observe, tryRevocation }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  // A token that cannot be checked now may be good: the client must not drop it.
  const authenticated = authentication(authenticator, { unavailableStatus: 503 })
  app.get('/whoami', authenticated, (req, res) => {
    const { username, groups } = getUser(req)
    res.json({ username, groups })
  })
  app.use((_req, res, next) => {
    res.set('content-security-policy', "default-src 'self'; frame-ancestors 'none'")
    next()
  })
  app.get('/status.json', async (_req, res) => void res.json(await observe()))
  // A page of another site cannot send JSON without asking first, which is never allowed.
  app.post('/trial', express.json(), async (req, res) => {
    if (req.is('application/json') === false) {
      res.status(415).json({ message: 'the body must be JSON' })
      return
    }
    try {
      res.json(await tryRevocation())
    } catch (error) {
      res.status(503).json({ message: error instanceof Error ? error.message : 'not done' })
    }
  })
  app.use(express.static(fileURLToPath(new URL('../page', import.meta.url))))
  return app
}
