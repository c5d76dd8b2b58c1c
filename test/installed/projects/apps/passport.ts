import { createServer } from 'node:http'
import { authenticatorChain, type UserInfo } from '@kube-authn/core'
import { tokenFileAt } from '@kube-authn/node'
import { fromPassport, getAuthentication, getUser, httpBearer, Strategy } from '@kube-authn/passport'
import express, { type ErrorRequestHandler } from 'express'
import passport from 'passport'
import { BasicStrategy } from 'passport-http'
import { ask } from './ask.js'

interface Account {
  readonly id: string
}

const basic = new BasicStrategy((name, password, done) => {
  done(null, name === 'joe' && password === 'pw' ? { id: name } : false)
})
const passwords = fromPassport(basic, { as: 'password', user: ({ id }: Account) => ({ username: id }) })

passport.use(httpBearer(tokenFileAt('tokens.csv')))
passport.use(new Strategy(authenticatorChain({ passwords: [passwords] })))

const app = express()
app.use(passport.authenticate(['bearer', 'kube-authn'], { session: false, failWithError: true }))
app.get('/', (req, res) => {
  const user: UserInfo = getUser(req)
  res.json([user.username, getAuthentication(req).user.username])
})
const refuse: ErrorRequestHandler = (error: { status: number; message: string }, _req, res, _next) => {
  res.status(error.status).json({ reason: error.message })
}
app.use(refuse)
await ask('passport', createServer(app))
