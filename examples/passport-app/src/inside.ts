import { authentication, getUser } from '@kube-authn/express'
import { createAuthenticator } from '@kube-authn/node'
import { fromPassport } from '@kube-authn/passport'
import express, { type Express } from 'express'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { type Account, accountOf } from './accounts.ts'
import type { Files } from './material.ts'

/** The other direction: the chain without Passport, with the app's strategy as one authenticator. */
export function createApp({ tokenFile, passwordFile }: Files): Express {
  const old = new BearerStrategy((token, done) => done(null, accountOf(token, tokenFile)))
  const tokens = fromPassport(old, {
    as: 'token',
    user: ({ username, groups }: Account) => ({ username, groups }),
  })

  const app = express()
  app.use(authentication(createAuthenticator({ tokens: [tokens], passwordFile })))
  app.get('/whoami', (req, res) => {
    const { username, groups } = getUser(req)
    res.json({ username, groups })
  })
  return app
}
