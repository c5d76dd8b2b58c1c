import { createAuthenticator } from '@kube-authn/node'
import { Strategy } from '@kube-authn/passport'
import express, { type Express, type RequestHandler } from 'express'
import { Passport } from 'passport'
import type { Account } from './accounts.ts'
import type { Files } from './material.ts'

export function createApp(files: Files): Express {
  const passport = new Passport()
  passport.use('bearer', new Strategy(createAuthenticator(files)))

  const app = express()
  const signedIn = passport.authenticate('bearer', { session: false }) as RequestHandler
  app.get('/whoami', signedIn, (req, res) => {
    const { username, groups } = req.user as Account
    res.json({ username, groups })
  })
  return app
}
