import { authentication, getUser } from '@kube-authn/express'
import { createAuthenticator } from '@kube-authn/node'
import express, { type Express } from 'express'
import { apiKey, usersOf } from './api-key.ts'

/** An app that accepts API keys, and tokens of a file. */
export function createApp(keys: string, tokenFile: string): Express {
  const app = express()
  app.use(authentication(createAuthenticator({ requests: [apiKey(usersOf(keys))], tokenFile })))
  app.get('/', (req, res) => {
    const { username, groups } = getUser(req)
    res.type('text').send(`Hello ${username}, you are in ${groups.join(', ')}\n`)
  })
  return app
}
