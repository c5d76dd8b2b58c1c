import express, { type Express, type RequestHandler } from 'express'
import { Passport } from 'passport'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { type Account, accountOf } from './accounts.ts'
import type { Files } from './material.ts'

export function createApp(files: Files): Express {
  const passport = new Passport()
  passport.use(new BearerStrategy((token, done) => done(null, accountOf(token, files.tokenFile))))

  const app = express()
  const signedIn = passport.authenticate('bearer', { session: false }) as RequestHandler
  app.get('/whoami', signedIn, (req, res) => {
    const { username, groups } = req.user as Account
    res.json({ username, groups })
  })
  return app
}
