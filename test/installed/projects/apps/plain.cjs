const { createServer } = require('node:http')
const { authentication, getUser } = require('@kube-authn/express')
const koa = require('@kube-authn/koa')
const hono = require('@kube-authn/hono')
const fastify = require('@kube-authn/fastify')
const fetchHandlers = require('@kube-authn/fetch')
const passport = require('@kube-authn/passport')
const { createPki } = require('@kube-authn/testing')
const { createAuthenticator } = require('@kube-authn/node')
const { ask } = require('./out/ask.js')

if (typeof koa.authentication !== 'function' || typeof hono.authentication !== 'function') process.exit(1)
if (typeof passport.Strategy !== 'function' || typeof passport.httpBearer !== 'function') process.exit(1)
if (typeof fastify.authentication !== 'function') process.exit(1)
if (typeof fetchHandlers.withAuthentication !== 'function') process.exit(1)
if (typeof createPki !== 'function') process.exit(1)

const authenticate = authentication(
  createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' }),
)
ask(
  'no framework, CommonJS',
  createServer((req, res) =>
    authenticate(req, res, () => res.end(JSON.stringify([getUser(req).username, getUser(req).username]))),
  ),
)
