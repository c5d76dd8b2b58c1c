import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { getUser, withAuthentication } from '@kube-authn/fetch'
import { createAuthenticator } from '@kube-authn/node'
import { ask } from './ask.js'

const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
const handler = withAuthentication(authenticator, (request, { user }, _env: object) =>
  Response.json([user.username, getUser(request).username]),
)
await ask('a handler of Fetch requests', createAdaptorServer({ fetch: handler }) as Server)
