import { createServer } from 'node:http'
import core = require('@kube-authn/core')
import kubeAuthn = require('@kube-authn/express')
import node = require('@kube-authn/node')
import asking = require('./ask.js')

// Express 4 has other types; what it is here is told by the alias in package.json.
const express: () => import('express').Express = require('express4')

const app = express()
app.use(
  kubeAuthn.authentication(
    node.createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' }),
  ),
)
app.get('/', (req, res) => {
  const user: core.UserInfo = kubeAuthn.getUser(req)
  res.json([user.username, user.username])
})
void asking.ask('express 4, CommonJS from TypeScript', createServer(app))
