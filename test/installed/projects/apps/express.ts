import { createServer } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import { authentication, getUser } from '@kube-authn/express'
import '@kube-authn/express/augment'
import { createAuthenticator } from '@kube-authn/node'
import express from 'express'
import { ask } from './ask.js'

const app = express()
app.use(authentication(createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })))
app.get('/', (req, res) => {
  const user: UserInfo = getUser(req)
  res.json([user.username, req.user?.username])
})
await ask('express 5', createServer(app))
