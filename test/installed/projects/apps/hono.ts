import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { authenticatorChain, type UserInfo } from '@kube-authn/core'
import { passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication } from '@kube-authn/hono'
import { Hono } from 'hono'
import { readFileSync } from 'node:fs'
import { ask } from './ask.js'

const authenticator = authenticatorChain({
  tokens: [tokenFile(readFileSync('tokens.csv'))],
  passwords: [passwordFile(readFileSync('passwords.csv'))],
})
const app = new Hono().use(authentication(authenticator)).get('/', (c) => {
  const user: UserInfo = c.var.user
  return c.json([user.username, user.username])
})
await ask('hono', createAdaptorServer({ fetch: app.fetch }) as Server)
