import { authentication, getUser } from '@kube-authn/express'
import type { Authenticator } from '@kube-authn/core'
import express, { type Express } from 'express'

/** An app that shows the user of a request, and the headers about the user that reached the app. */
export function createApp(authenticator: Authenticator): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(authentication(authenticator))
  app.get('/whoami', (req, res) => {
    const { username, groups, extra } = getUser(req)
    res.json({ username, groups, extra })
  })
  app.get('/headers', (req, res) => {
    const names = req.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
    res.json(names.filter((name) => name === 'authorization' || name.includes('remote')))
  })
  return app
}
