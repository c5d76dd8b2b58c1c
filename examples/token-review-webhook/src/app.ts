import type { Authenticator, Observer, TokenAuthenticator } from '@kube-authn/core'
import { tokenReviewWebhook } from '@kube-authn/express'
import express, { type Express } from 'express'

/** What the app is made of. */
export interface AppOptions {
  /** Who knows users by their tokens. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Who knows the kube-apiservers that may ask. */
  readonly callers: Authenticator
  readonly observer: Observer
}

/** Where kube-apiserver asks. Any path will do. */
export const WEBHOOK_PATH = '/authenticate'

/** The app: a webhook, and a page for whoever wants to know that it is up. */
export function createApp({ tokens, callers, observer }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok')
  })
  app.use(WEBHOOK_PATH, tokenReviewWebhook(tokens, { callers, observer }))
  return app
}
