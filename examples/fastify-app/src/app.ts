import { authentication, getUser } from '@kube-authn/fastify'
import { createAuthenticator } from '@kube-authn/node'
import { fastify, type FastifyInstance } from 'fastify'

/** An app that requires a token of this file. */
export async function createApp(tokenFile: string): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(authentication(createAuthenticator({ tokenFile })))
  app.get('/', (request) => {
    const { username, groups } = getUser(request)
    return `Hello ${username}, you are in ${groups.join(', ')}\n`
  })
  return app
}
