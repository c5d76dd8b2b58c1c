import type { Authenticator, Observer, TokenAuthenticator } from '@kube-authn/core'
import { tokenReviewWebhook } from '@kube-authn/express/reviews'
import express, { type Express } from 'express'

/** The parts of the app. */
export interface AppOptions {
  /** Authenticates users by their tokens. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Authenticates the kube-apiservers that may ask. */
  readonly callers: Authenticator
  readonly observer: Observer
}

/** The path of the webhook. Any path works. */
export const WEBHOOK_PATH = '/authenticate'

/** The webhook, and a page that shows that it is up. */
export function createApp({ tokens, callers, observer }: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok')
  })
  app.use(WEBHOOK_PATH, tokenReviewWebhook(tokens, { callers, observer }))
  return app
}
