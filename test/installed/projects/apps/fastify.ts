import '@kube-authn/fastify/augment'
import { authentication, getUser } from '@kube-authn/fastify'
import { createAuthenticator } from '@kube-authn/node'
import { fastify } from 'fastify'
import { ask } from './ask.js'

const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
const app = fastify()
await app.register(authentication(authenticator))
app.get('/', (request) => [request.user.username, getUser(request).username])
await app.ready()
await ask('fastify', app.server)
